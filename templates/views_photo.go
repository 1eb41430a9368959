package templates

import "github.com/preflight-icp/preflight/filing"

// Photo is the page on which the photo of one place is taken, and on which stands what was found in it.
type Photo struct {
	Filing string
	Slot   Slot
	Place  Place
	// Seen is what was found in the file of the place; nil without one. Before is the file that the service made it from.
	Seen   *Seen
	Before *filing.MaterialReport
	// Next is the place that wants a photo next; nil where none does. Done of Total requirements are met.
	Next        *Place
	Done, Total int
	// CanUpload: the visitor may send a photo; CanSubmit: and hand the filing in.
	CanUpload, CanSubmit bool
}

// Together is a document's two sides, held beside each other.
type Together struct {
	filing.PairReport
	// Repair is what the service can do about it.
	Repair string
}

// Seen is what was found in a picture, the worst first, with marks in a drawing of the picture's own size in pixels.
type Seen struct {
	Width, Height int
	Findings      []SeenFinding
	Marks         []Mark
	// Parts are the documents of a stitched picture; empty for a photo of one.
	Parts []PartSeen
}

// PartSeen is a part of a picture that somebody stitched (拼接图的一部分): what it is, where, and what was found of it.
type PartSeen struct {
	Number   int
	Name     filing.Text
	Quad     []filing.Point
	Verdict  filing.Verdict
	Findings []filing.Finding
}

// SeenFinding is a finding and the number of its mark in the picture; 0 where it has no place there.
type SeenFinding struct {
	filing.Finding
	Mark int
}

// Mark shows where a finding is: polygons, and a badge of radius R at X, Y with its number, all in pixels of the upright picture.
type Mark struct {
	Number   int
	Severity filing.Severity
	Regions  [][]filing.Point
	X, Y, R  float64
}

// Repair is the finding that the service can mend by itself; empty where there is none.
func (s *Seen) Repair() string {
	for _, f := range s.Findings {
		if f.Repair != "" && f.Overruled == nil {
			return f.Repair
		}
	}
	return ""
}

// Figure is the shape of what is photographed (拍摄对象的形状): it decides the examples and the frame in the camera.
type Figure string

// The figures: a card's two sides, a page of paper, a person who holds a document, a certificate that is downloaded, and sheets
// that go into one picture.
const (
	FigureCardFront   Figure = "card-front"
	FigureCardBack    Figure = "card-back"
	FigurePage        Figure = "page"
	FigureHandheld    Figure = "handheld"
	FigureCertificate Figure = "certificate"
	FigureComposite   Figure = "composite"
)

// Figures lists them.
func Figures() []Figure {
	return []Figure{FigureCardFront, FigureCardBack, FigurePage, FigureHandheld, FigureCertificate, FigureComposite}
}

// Frame is the guide in the camera: card, page or person.
func (f Figure) Frame() string {
	switch f {
	case FigureCardFront, FigureCardBack:
		return "card"
	case FigureHandheld:
		return "person"
	default:
		return "page"
	}
}

// Example is a drawn example of a photo (样例图): a good one where Flaw is empty.
type Example struct {
	Figure Figure
	Flaw   string
	// Caption stands below it, Alt is what it shows in words.
	Caption, Alt filing.Text
}

// flaws are what examples of bad photos show, in the order in which photos are sent back for them.
var flaws = []struct {
	name string
	text filing.Text
	alt  filing.Text
}{
	{"cut", filing.Text{ZH: "缺边缺角", EN: "cut off"}, filing.Text{ZH: "有一部分在画面外面", EN: "a part of it lies outside the picture"}},
	{"blur", filing.Text{ZH: "模糊", EN: "blurred"}, filing.Text{ZH: "字是模糊的", EN: "its words are blurred"}},
	{"glare", filing.Text{ZH: "反光", EN: "reflection"}, filing.Text{ZH: "一块白色反光挡住了字", EN: "a white reflection hides words"}},
	{"far", filing.Text{ZH: "太远", EN: "too far"}, filing.Text{ZH: "离得太远，只占画面的一小块", EN: "it is so far away that it takes a small part of the picture"}},
	{"screen", filing.Text{ZH: "翻拍屏幕", EN: "photo of a screen"}, filing.Text{ZH: "拍的是屏幕，看得到边框和条纹", EN: "a screen was photographed: its edge and stripes are seen"}},
	{"thumb", filing.Text{ZH: "手指挡住", EN: "thumb over it"}, filing.Text{ZH: "手指挡住了一角", EN: "a thumb covers a corner"}},
}

func (f Figure) words() filing.Text {
	switch f {
	case FigureCardFront:
		return filing.Text{ZH: "证件正面", EN: "the front of a card"}
	case FigureCardBack:
		return filing.Text{ZH: "证件反面", EN: "the back of a card"}
	case FigureHandheld:
		return filing.Text{ZH: "手持证件的人", EN: "a person who holds a document"}
	case FigureCertificate:
		return filing.Text{ZH: "域名证书图片", EN: "a domain certificate"}
	case FigureComposite:
		return filing.Text{ZH: "两份材料", EN: "two sheets"}
	default:
		return filing.Text{ZH: "一页材料", EN: "a page"}
	}
}

// How says in one sentence how it is photographed.
func (f Figure) How() filing.Text {
	switch f {
	case FigureHandheld:
		return filing.Text{
			ZH: "请别人帮忙拍：脸和证件都要完整、清楚，手指不要挡住字。",
			EN: "Have somebody take it: face and document whole and sharp, no finger over the words.",
		}
	case FigureCertificate:
		return filing.Text{
			ZH: "在域名注册商的网站下载证书图片，直接选择文件；提示太小的，就彩色打印出来再拍。不要对着屏幕拍。",
			EN: "Download the certificate from the registrar and choose the file; where that is too small, photograph a print in colour. Do not photograph the screen.",
		}
	case FigureComposite:
		return filing.Text{
			ZH: "每份材料分别拍一张上传即可，不用自己拼接。",
			EN: "Photograph each sheet by itself and upload it; there is no need to stitch them yourself.",
		}
	case FigureCardFront, FigureCardBack:
		return filing.Text{
			ZH: "原件平放在桌上，从正上方拍，四个角都在框里，光线均匀。",
			EN: "Lay the original flat, photograph it from straight above, all four corners in the frame, in even light.",
		}
	default:
		return filing.Text{
			ZH: "纸张铺平，从正上方拍，四条边都在框里，每个字都看得清。",
			EN: "Lay the paper flat, photograph it from straight above, all four edges in the frame, every word sharp.",
		}
	}
}

// Good is the example of a good photo.
func (f Figure) Good() Example {
	w := f.words()
	return Example{
		Figure: f, Caption: filing.Text{ZH: "这样拍", EN: "like this"},
		Alt: filing.Text{ZH: "好的照片样例：" + w.ZH + "完整、清楚、光线均匀", EN: "Example of a good photo: " + w.EN + ", whole, sharp and in even light"},
	}
}

// Bad are the examples of bad photos.
func (f Figure) Bad() []Example {
	out := make([]Example, 0, len(flaws))
	w := f.words()
	for _, flaw := range flaws {
		out = append(out, Example{
			Figure: f, Flaw: flaw.name, Caption: flaw.text,
			Alt: filing.Text{ZH: "不好的照片样例：" + w.ZH + "，" + flaw.alt.ZH, EN: "Example of a bad photo: " + w.EN + "; " + flaw.alt.EN},
		})
	}
	return out
}

// Example is the figure that the list shows examples of bad photos for: that of the first place; empty where there is none.
func (f Filing) Example() Figure {
	for _, slot := range f.Slots {
		for _, place := range slot.Places {
			return place.Figure
		}
	}
	return ""
}

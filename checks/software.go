package checks

import (
	"strings"
	"sync"

	"github.com/preflight-icp/preflight/filing"
)

// editor is an image editor and the words by which files name it (修图软件).
type editor struct {
	// name is what the person is told.
	name string
	// zh is what a Chinese person is told, where the editor has a Chinese name.
	zh string
	// words name the editor when they stand in the software's name as whole words, lower case.
	words []string
}

// editors lists the image editors that write their name into files. What camera firmware, phone systems, scanners and
// viewers write is not here and must never match: to accuse the maker of an honest photo costs more than to miss an
// edit, which leaves no trace as often as not. So photo viewers that write their name when a picture is only turned
// (ACDSee, Picasa, the viewers of Windows) are left out too. Words match whole: "gimp" is not found in "gimpel", while Chinese names
// match anywhere, as Chinese has no spaces.
var editors = []editor{
	{"Adobe Photoshop", "", []string{"photoshop"}},
	{"Adobe Lightroom", "", []string{"lightroom"}},
	{"Adobe Illustrator", "", []string{"adobe illustrator"}},
	{"Adobe InDesign", "", []string{"adobe indesign"}},
	{"Adobe Fireworks", "", []string{"adobe fireworks"}},
	{"Adobe Camera Raw", "", []string{"adobe camera raw"}},
	{"Adobe ImageReady", "", []string{"adobe imageready"}},
	{"Adobe Express", "", []string{"adobe express"}},
	{"GIMP", "", []string{"gimp"}},
	{"Paint.NET", "", []string{"paint.net"}},
	{"Krita", "", []string{"krita"}},
	{"Pixelmator", "", []string{"pixelmator"}},
	{"Affinity Photo", "", []string{"affinity photo", "affinity designer", "affinity publisher"}},
	{"CorelDRAW", "", []string{"coreldraw", "corel photo-paint",
		"paintshop pro", "paintshop photo", "paint shop pro"}},
	{"Capture One", "", []string{"capture one"}},
	{"Inkscape", "", []string{"inkscape"}},
	{"Photopea", "", []string{"photopea"}},
	{"Pixlr", "", []string{"pixlr"}},
	{"Canva", "", []string{"canva"}},
	{"Figma", "", []string{"figma"}},
	{"Snapseed", "", []string{"snapseed"}},
	{"PicsArt", "", []string{"picsart"}},
	{"VSCO", "", []string{"vsco", "vscocam"}},
	{"Facetune", "", []string{"facetune"}},
	{"FaceApp", "", []string{"faceapp"}},
	{"Fotor", "", []string{"fotor"}},
	{"PhotoScape", "", []string{"photoscape"}},
	{"PhotoDirector", "", []string{"photodirector"}},
	{"LightX", "", []string{"lightx"}},
	{"BeautyPlus", "", []string{"beautyplus"}},
	{"BeautyCam", "美颜相机", []string{"beautycam", "美颜相机"}},
	{"Meitu", "美图秀秀", []string{"meitu", "meitupic", "xiuxiu", "mtxx", "美图"}},
	{"Xingtu (Hypic)", "醒图", []string{"xingtu", "醒图", "hypic"}},
	{"CapCut", "剪映", []string{"capcut", "jianying", "剪映"}},
	{"Ulike", "轻颜相机", []string{"ulike", "轻颜"}},
	{"Faceu", "激萌", []string{"faceu", "激萌"}},
	{"Wuta Camera", "无他相机", []string{"无他相机"}},
	{"Pitu", "天天P图", []string{"pitu", "天天p图"}},
	{"nEO iMAGING", "光影魔术手", []string{"neoimaging", "光影魔术手"}},
	{"Keniu", "可牛影像", []string{"可牛"}},
	{"Gaoding", "稿定设计", []string{"稿定"}},
	{"Chuangkit", "创客贴", []string{"创客贴"}},
	{"Butter Camera", "黄油相机", []string{"黄油相机"}},
	{"Polarr", "泼辣修图", []string{"polarr", "泼辣"}},
}

// screenshotTools are programs that save what a screen shows, as files name them (截图软件).
var screenshotTools = []editor{
	{"Screenshot", "", []string{"screenshot", "screen shot", "gnome-screenshot", "screencapture", "screen capture",
		"截图", "截屏"}},
	{"Snipaste", "", []string{"snipaste"}},
	{"Greenshot", "", []string{"greenshot"}},
	{"ShareX", "", []string{"sharex"}},
	{"Flameshot", "", []string{"flameshot"}},
	{"Spectacle", "", []string{"spectacle"}},
	{"Lightshot", "", []string{"lightshot"}},
	{"FastStone Capture", "", []string{"faststone capture"}},
	{"Snagit", "", []string{"snagit"}},
}

// text names the editor in both languages.
func (e editor) text() filing.Text {
	if e.zh == "" {
		return filing.Text{ZH: e.name, EN: e.name}
	}
	return filing.Text{ZH: e.zh, EN: e.name}
}

// lexicon is a table of programs with the letters of their words, so that nearly every word is known not to stand in a text
// without looking for it: a name of a phone's firmware seldom has all letters of an editor's.
type lexicon struct {
	table []editor
	// letters are those of the words of the table, one word after the other.
	letters []letterSet
}

func newLexicon(table []editor) *lexicon {
	l := &lexicon{table: table}
	for i := range table {
		for _, word := range table[i].words {
			l.letters = append(l.letters, lettersOf(word))
		}
	}
	return l
}

// The lexicons are made from the tables above when the first file is judged.
var (
	editorLexicon     = sync.OnceValue(func() *lexicon { return newLexicon(editors) })
	screenshotLexicon = sync.OnceValue(func() *lexicon { return newLexicon(screenshotTools) })
)

// named returns the first entry of the table that one of the software names is, in the order of the table.
func (l *lexicon) named(software []string) (editor, bool) {
	if len(software) == 0 {
		return editor{}, false
	}
	var room [4]string
	lower, all := room[:0], letterSet(0)
	for _, s := range software {
		s = strings.ToLower(s)
		lower, all = append(lower, s), all|lettersOf(s)
	}
	n := 0
	for i := range l.table {
		for _, word := range l.table[i].words {
			letters := l.letters[n]
			n++
			if letters&^all != 0 {
				continue
			}
			for _, s := range lower {
				if containsWord(s, word) {
					return l.table[i], true
				}
			}
		}
	}
	return editor{}, false
}

// letterSet is which bytes a text holds, less their two upper bits: what is not in the set is not in the text.
type letterSet uint64

func lettersOf(s string) (set letterSet) {
	for i := range len(s) {
		set |= 1 << (s[i] & 63)
	}
	return set
}

// containsWord reports whether word stands in s with no letter right before or after it. A digit may follow, as in
// "Photoshop2024", and anything may surround a word that is not ASCII.
func containsWord(s, word string) bool {
	for from := 0; ; {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		before := i == 0 || !isLetter(s[i-1]) || !isLetter(word[0])
		after := end == len(s) || !isLetter(s[end]) || !isLetter(word[len(word)-1])
		if before && after {
			return true
		}
		from = i + 1
	}
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' }

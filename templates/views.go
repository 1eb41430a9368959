package templates

import (
	"time"

	"github.com/preflight-icp/preflight/filing"
)

// Choice is one entry of a list to choose from.
type Choice struct {
	Value string
	Name  filing.Text
}

// Home is the first page: check one photo, or open a filing.
type Home struct {
	Provinces []Choice
	Materials []Choice
	// Revalidations, Queue: the visitor may see those. Files: the visitor may open a filing.
	Revalidations, Queue, Files, Status bool
}

// Checked is what the check of one photo said.
type Checked struct {
	Report filing.FileReport
}

// Filing is a filing as its applicant sees it on the phone.
type Filing struct {
	ID      string
	Report  *filing.Report
	Slots   []Slot
	Blocked []Item
	Notices []Item
	Other   []filing.MaterialReport
	// Materials are what a file can be declared as, for a file that fits no slot.
	Materials []Choice
	Done      int
	// Review is how it stands with the reviewers, nil before it was handed in; Reasons are those that it was given back for.
	Review  *filing.ReviewState
	Reasons []filing.Text
	// Asks is how many questions are open; CanSubmit: the visitor may hand it in.
	Asks      int
	CanSubmit bool
	// Offers are facts that were read in the photos and that the filing lacks, for the visitor to take.
	Offers []Offer
	// Resent are the places for which another file came since a reviewer gave the filing back.
	Resent []Place
	// Links are those that are valid, for who may revoke them.
	Links []Link
	// CanLink: the visitor may hand the filing over to a phone; CanUpload: and add files to it.
	CanLink, CanUpload bool
}

// Slot is one required material with a place for each of its pages.
type Slot struct {
	// First is the place of its requirement in the report.
	First int
	// Also are the other materials that the same document is required as.
	Also        []filing.Text
	Names       []filing.Text // more than one: any of them will do
	Of          filing.Text
	State       filing.MatchState
	Explanation filing.Text
	Clauses     []string
	Places      []Place
	// Pair is what was found when its two sides were held beside each other, and PairAt the key of the place that tells it; nil where
	// there is nothing to tell.
	Pair   *Together
	PairAt string
}

// Place is where one page of a material is uploaded, with the file that is there.
type Place struct {
	Material string
	Page     filing.Page
	Of       string
	Label    filing.Text
	File     *filing.MaterialReport
	// Key names the place in a URL, Figure is the shape of what is photographed.
	Key    string
	Figure Figure
	// Letter: it can be printed, filled in from the facts.
	Letter bool
	// Returned are a reviewer's reasons to give it back.
	Returned []Returned
}

// Returned is a reason for which a filing was given back, beside what it concerns.
type Returned struct {
	Reason filing.Text
	// Mended: another file has come since.
	Mended bool
}

// Link is a link for a phone that still opens the filing.
type Link struct {
	ID    string
	Until time.Time
}

// placeView is a place together with the filing that its form belongs to.
type placeView struct {
	Filing string
	Place  Place
}

// Item is a blocker or a notice in words.
type Item struct {
	Name    filing.Text
	Of      filing.Text
	Clauses []string
}

// Failure is an error page.
type Failure struct {
	Message filing.Text
	Advice  filing.Text
	Code    string
	// Login: a token may help. Link: an applicant's link has run out or was revoked, and what to do is told in steps.
	Login, Link bool
	// Back is where the visitor was: a path of this service, empty where that is not known.
	Back string
}

// Docs is the API's document, arranged for reading.
type Docs struct {
	Title, Version, Description string
	Operations                  []DocsOperation
	Problems                    []DocsProblem
}

// DocsOperation is one call of the API.
type DocsOperation struct {
	Method, Path, ID, Summary, Description string
	Roles                                  []string
	Parameters                             []DocsParameter
	Bodies                                 []string
	Statuses                               []string
}

// DocsParameter is one parameter of a call.
type DocsParameter struct {
	Name, In, Description string
	Required              bool
}

// DocsProblem is one error of the API.
type DocsProblem struct {
	Code            string
	Status          int
	Message, Advice filing.Text
}

// ProvinceEnglish is the English name of a province by its code; the contract has the Chinese ones only.
func ProvinceEnglish(code string) string {
	if name, ok := provinceEnglish[code]; ok {
		return name
	}
	return code
}

var provinceEnglish = map[string]string{
	"BJ": "Beijing", "TJ": "Tianjin", "HE": "Hebei", "SX": "Shanxi", "NM": "Inner Mongolia", "LN": "Liaoning", "JL": "Jilin",
	"HL": "Heilongjiang", "SH": "Shanghai", "JS": "Jiangsu", "ZJ": "Zhejiang", "AH": "Anhui", "FJ": "Fujian", "JX": "Jiangxi",
	"SD": "Shandong", "HA": "Henan", "HB": "Hubei", "HN": "Hunan", "GD": "Guangdong", "GX": "Guangxi", "HI": "Hainan",
	"CQ": "Chongqing", "SC": "Sichuan", "GZ": "Guizhou", "YN": "Yunnan", "XZ": "Tibet", "SN": "Shaanxi", "GS": "Gansu",
	"QH": "Qinghai", "NX": "Ningxia", "XJ": "Xinjiang",
}

// Questions are the next questions about a filing (问卷).
type Questions struct {
	Filing string
	Asked  []Asked
	// Left is how many more are open, Skipped those that the visitor passed over, as paths.
	Left     int
	Skipped  []string
	Revision int64
	Problems []FieldProblem
	// Answered are the facts that are known, for the visitor to look over.
	Answered []Item
}

// FieldProblem is what is wrong with one answer.
type FieldProblem struct {
	Path    string
	Message filing.Text
}

// Asked is one question with the kind of its answer: choice, many, yesno, date, term, number, lines or text.
type Asked struct {
	Question
	Path  string
	Kind  string
	About filing.Text
}

// Phone is a link to a filing for the applicant's phone.
type Phone struct {
	Filing, URL string
	Until       time.Time
	// Size is the side of the code in its own squares, Path what is black of it, as the path of an SVG.
	Size int
	Path string
	// Insecure: the address is not https.
	Insecure bool
}

// Offer is a fact that was read in a photo.
type Offer struct {
	Path  string
	Name  filing.Text
	Words filing.Text
	// Value is the answer as the questionnaire's form has it; LongTerm stands for the box of a term without an end.
	Value    string
	LongTerm bool
}

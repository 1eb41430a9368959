package checks

import (
	"slices"
	"strings"
	"testing"

	reading "github.com/preflight-icp/preflight/checks/document"
)

func TestATitleThatMatchesAMaterialIsAcceptedForIt(t *testing.T) {
	t.Parallel()
	for code, words := range titles() {
		if loadVocabulary().byCode[code] == nil {
			t.Errorf("there is no material %s", code)
		}
		accepted := acceptedTitles(code)
		for _, word := range words.of {
			if accepted != nil && !slices.ContainsFunc(accepted, func(w string) bool { return strings.Contains(word, w) }) {
				t.Errorf("%s: %q is matched and then refused", code, word)
			}
		}
	}
	if !slices.Contains(acceptedTitles("website_plan"), "网站建设说明") {
		t.Error("the statement on how a site is built is no plan of it")
	}
}

// What reading knows by name, matching can place, but for names of what no filing asks for by itself.
func TestTitlesThatReadingKnowsBelongToAMaterial(t *testing.T) {
	t.Parallel()
	general := []string{"说明", "声明", "证明", "居住证明", "办公场所使用证明"}
	for _, title := range reading.LetterTitles() {
		found := slices.Contains(general, title)
		for _, words := range titles() {
			found = found || slices.ContainsFunc(words.of, func(w string) bool { return strings.Contains(title, w) })
		}
		if !found {
			t.Errorf("%q is nobody's title", title)
		}
	}
}

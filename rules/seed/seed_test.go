package seed

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAProvincePageIsReadByItsStructure(t *testing.T) {
	t.Parallel()
	const page = `7.3.1. 北京备案规则

前言。

企业用户

备案重要规则

- 第一条
- 第二条
接着第二条

续第二条

说明

- 注一
- 注二

变更备案规则

- 甲
- 乙：
 - 乙一

- 乙二

补充乙二

- 丙

接入备案规则

整段。

② 说明 一注。

个人用户

重要规则

- 只有一条

7.9. 其他
`
	want := map[string]string{
		"BJ.enterprise.key.1": "第一条", "BJ.enterprise.key.2": "第二条接着第二条续第二条",
		"BJ.enterprise.key.note.1": "注一", "BJ.enterprise.key.note.2": "注二",
		"BJ.enterprise.change.1": "甲", "BJ.enterprise.change.2": "乙：", "BJ.enterprise.change.2.1": "乙一",
		"BJ.enterprise.change.2.2": "乙二补充乙二", "BJ.enterprise.change.3": "丙",
		"BJ.enterprise.access.1": "整段。", "BJ.enterprise.access.note": "一注。", "BJ.individual.key.1": "只有一条",
	}
	if _, err := provinceClauses(strings.Split(page, "\n")); err == nil {
		t.Error("thirty provinces are missing and nobody says so")
	}
	clauses, err := provinceClauses(strings.Split(withAllProvinces(page), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clauses {
		if want[c.ID] != Normalize(c.Text) {
			t.Errorf("%s: got %q, want %q", c.ID, Normalize(c.Text), want[c.ID])
		}
		delete(want, c.ID)
	}
	for id := range want {
		t.Errorf("%s was not found", id)
	}
}

func withAllProvinces(page string) string {
	for name, code := range provinceNames {
		if code != "BJ" {
			page = "7.2.1. " + name + "备案规则\n" + page
		}
	}
	return page
}

func TestNormalizingKeepsWhatIsSaidAndDropsHowItIsSet(t *testing.T) {
	t.Parallel()
	if a, b := Digest("请参见 [命名要求](#)，\n**大于** 3 个月"), Digest("请参见命名要求，大于3个月"); a != b {
		t.Error("marks and spaces change the digest")
	}
	if Digest("大于3个月") == Digest("大于6个月") || Digest("3.5") == Digest("35") {
		t.Error("a changed figure keeps the digest")
	}
}

func TestASourceWithoutAKnownHeadingIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("no documents, no error")
	}
	folder := fstest.MapFS{Guide2020: {Data: []byte(withAllProvinces("7.3.1. 北京备案规则\n"))}, Guide2019: {Data: []byte("x")}}
	if _, err := Load(folder); err == nil || !strings.Contains(err.Error(), "G1.domain.1") {
		t.Errorf("got %v, want the clause that cannot be found", err)
	}
}

// Seeds returns the folder of the source documents, which are never part of the project; a test that needs them is
// skipped, and says so, where they are not at hand.
func seeds(t *testing.T) fs.FS {
	t.Helper()
	path := os.Getenv("PREFLIGHT_SEEDS")
	if path == "" {
		path = filepath.Join("..", "..", "..", "shared", "seeds")
	}
	if _, err := os.Stat(filepath.Join(path, Guide2020)); err != nil {
		t.Skipf("the source documents are not at hand (set PREFLIGHT_SEEDS): %v", err)
	}
	return os.DirFS(path)
}

func TestTheDocumentsHoldEveryClauseOfTheVocabulary(t *testing.T) {
	t.Parallel()
	clauses, err := Load(seeds(t))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range clauses {
		if seen[c.ID] {
			t.Errorf("%s is found twice", c.ID)
		}
		seen[c.ID] = true
		if Normalize(c.Text) == "" {
			t.Errorf("%s has no text", c.ID)
		}
	}
	for _, id := range []string{"BJ.enterprise.change.2.2", "BJ.enterprise.change.3", "BJ.enterprise.key.note.2", "GD.enterprise.key.9.2",
		"XZ.enterprise.materials.note", "YN.individual.access.note", "HL.individual.change.1", "G8.note", "M6.expired"} {
		if !seen[id] {
			t.Errorf("%s is not found", id)
		}
	}
	if len(clauses) != 1005 {
		t.Errorf("got %d clauses, want 1005", len(clauses))
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLettersAreWrittenFromFacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	facts, page := filepath.Join(dir, "facts.yaml"), filepath.Join(dir, "letter.html")
	ok(t, os.WriteFile(facts, []byte("province: BJ\naction: new\napplicant: {type: enterprise, name: 样本 SPECIMEN}\n"), 0o600))
	bad := filepath.Join(dir, "bad.yaml")
	ok(t, os.WriteFile(bad, []byte("province: nowhere\n"), 0o600))
	for name, c := range map[string]struct {
		args []string
		want int
		says string
	}{
		"without a name they are listed": {[]string{"letter", "--lang", "zh"}, 0, "主体负责人授权书"},
		"filled in":                      {[]string{"letter", "principal_authorization", "--facts", facts}, 0, "样本 SPECIMEN"},
		"blank without facts":            {[]string{"letter", "website_plan"}, 0, "应急处置方案"},
		"into a file":                    {[]string{"letter", "website_plan", "--out", page}, 0, ""},
		"an unknown letter names those":  {[]string{"letter", "shoe"}, 2, "beijing_confirmation"},
		"facts that are not there":       {[]string{"letter", "website_plan", "--facts", filepath.Join(dir, "none")}, 2, "--facts"},
		"facts that are none":            {[]string{"letter", "website_plan", "--facts", bad}, 2, "province"},
		"a domain that the facts lack":   {[]string{"letter", "website_plan", "--facts", facts, "--of", "domain:other.cn"}, 2, "no such"},
		"a folder that is not there":     {[]string{"letter", "website_plan", "--out", filepath.Join(dir, "no", "x.html")}, 2, "--out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errors := call(t, nil, c.args...)
			if status != c.want || !strings.Contains(out+errors, c.says) {
				t.Errorf("status %d, want %d\n%s\n%s", status, c.want, out, errors)
			}
		})
	}
}

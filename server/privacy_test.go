package server_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/storage"
)

// personal are words that only the applicant's facts hold.
func personal() []string {
	return []string{"样本甲", "SPECIMENWORD", "110101199001011237", "13800138000", "specimen-site.example"}
}

// After a full run with a known specimen nothing personal is in logs, metrics, errors, the database or the store; after its deletion
// nothing of it is anywhere, and a receipt says so.
func TestNothingPersonalIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	facts := `{"facts":{"province":"BJ","action":"new","as_of":"2020-12-01","applicant":{"type":"enterprise","name":"样本甲 SPECIMENWORD"},` +
		`"sites":[{"name":"SPECIMENWORD","domains":[{"name":"specimen-site.example"}]}]}}`
	var f struct{ ID string }
	b.json("app", "POST", "/v1/filings", facts).want(201).into(&f)
	var m material
	picture := photo(t, 31)
	b.upload("app", f.ID, picture, "material", "principal_id", "page", "front").want(201).into(&m)
	for _, variant := range []string{"original", "upright", "thumbnail"} {
		b.call("reviewer", "GET", "/v1/materials/"+m.ID+"/image?variant="+variant, nil).want(200)
	}
	b.call("reviewer", "GET", "/v1/filings/"+f.ID+"/report", nil).want(200)
	b.call("app", "GET", "/filings/"+f.ID, nil).want(200)
	// What is refused may not be quoted either.
	refused := []string{
		string(b.json("app", "POST", "/v1/filings", `{"facts":{"province":"样本甲 SPECIMENWORD","principal":{"birth_date":"110101199001011237"}}}`).body),
		string(b.call("app", "GET", "/v1/filings/SPECIMENWORD", nil).body),
		string(b.call("app", "GET", "/v1/materials/SPECIMENWORD/image?variant=13800138000", nil).body),
		string(b.json("app", "POST", "/v1/filings/search", `{"words":"SPECIMENWORD","states":["样本甲"]}`).body),
	}
	sum := storage.DigestOf(picture)
	if n := len(listed(t, b, sum.String())); n < 3 {
		t.Errorf("%d objects of the photo", n)
	}

	search := func(when string) {
		t.Helper()
		places := map[string]string{"log": b.log.String(), "metrics": string(b.call("", "GET", "/metrics", nil).want(200).body), "errors": strings.Join(refused, "\n")}
		err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			places[strings.TrimPrefix(path, b.dir)] = string(text)
			return err
		})
		ok(t, err)
		if len(places) < 6 {
			t.Errorf("%s: only %d places were searched", when, len(places))
		}
		for place, text := range places {
			for _, word := range personal() {
				if strings.Contains(text, word) {
					t.Errorf("%s: %s holds %q", when, place, word)
				}
			}
			if strings.Contains(text, string(picture[:64])) || strings.Contains(text, "Exif") {
				t.Errorf("%s: %s shows the photo", when, place)
			}
		}
	}
	search("while it is stored")

	receipt := b.call("app", "DELETE", "/v1/filings/"+f.ID, nil).want(204).header.Get("Deletion-Receipt")
	var r storage.Receipt
	b.call("app", "GET", "/v1/receipts/"+receipt, nil).want(200).into(&r)
	if r.FilingID != f.ID || r.FinishedAt == nil || r.Materials != 1 || r.Objects < 3 || r.RequestedBy != "app" {
		t.Errorf("receipt %+v", r)
	}
	valid, err := b.records.VerifyReceipt(t.Context(), r)
	ok(t, err)
	r.Objects++
	forged, err := b.records.VerifyReceipt(t.Context(), r)
	ok(t, err)
	if !valid || forged {
		t.Errorf("signature: of the receipt %v, of a changed one %v", valid, forged)
	}
	if left := listed(t, b, ""); len(left) != 0 {
		t.Errorf("the bucket still holds %v", left)
	}
	search("after its deletion")
	list, err := b.records.AuditEntries(t.Context(), storage.AuditFilter{Object: f.ID, Limit: 100})
	ok(t, err)
	if len(list) < 4 || list[len(list)-1].Operation != "delete-filing" {
		t.Errorf("the audit trail of the filing: %+v", list)
	}
}

// listed are the objects whose key holds a text.
func listed(t *testing.T, b *bundle, text string) []string {
	t.Helper()
	var keys []string
	for info, err := range b.objects.List(t.Context(), "", "") {
		ok(t, err)
		if strings.Contains(info.Key, text) {
			keys = append(keys, info.Key)
		}
	}
	return keys
}

package storage_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/storage"
)

func TestTheTrailOfSomeObjectsIsReadBackwardsInPages(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records := openRecords(t, database(t), storage.RecordsOptions{})
			for i := range 12 {
				e := storage.AuditEntry{Principal: "reviewer-1", Operation: fmt.Sprint(i), Object: []string{"a", "b", "c"}[i%3], Outcome: storage.AuditGranted}
				if i == 4 {
					e.Organization = "north" // which asked for an object that it does not have
				}
				if err := records.Audit(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			var pages [][]string
			for before := int64(0); ; {
				list, err := records.AuditOf(t.Context(), "", []string{"b", "c"}, before, 3)
				if err != nil {
					t.Fatal(err)
				}
				if len(list) == 0 {
					break
				}
				var page []string
				for _, e := range list {
					page = append(page, e.Operation)
					before = e.Sequence
				}
				pages = append(pages, page)
			}
			if diff := cmp.Diff([][]string{{"11", "10", "8"}, {"7", "5", "2"}, {"1"}}, pages); diff != "" {
				t.Error(diff)
			}
			if list, err := records.AuditOf(t.Context(), "", nil, 0, 3); err != nil || len(list) != 0 {
				t.Errorf("of no object: %v, %v", list, err)
			}
		})
	}
}

package storage_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/storage"
)

func TestReviews(t *testing.T) {
	t.Parallel()
	for name, database := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testReviews(t, func(t *testing.T, options storage.RecordsOptions) *storage.Records {
				t.Helper()
				return openRecords(t, database(t), options)
			})
		})
	}
}

// testReviews is what both databases promise of the reviewers' queue.
func testReviews(t *testing.T, open func(t *testing.T, options storage.RecordsOptions) *storage.Records) {
	const hold = 20 * time.Minute
	setup := func(t *testing.T) (*storage.Records, storage.Filing, *clock) {
		t.Helper()
		c := newClock()
		records := open(t, storage.RecordsOptions{Now: c.Now})
		f, err := records.CreateFiling(t.Context(), "owner-1", facts)
		if err != nil {
			t.Fatal(err)
		}
		return records, f, c
	}
	submit := func(t *testing.T, records *storage.Records, f storage.Filing, province string) storage.Review {
		t.Helper()
		w, err := records.Submit(t.Context(), storage.Decision{FilingID: f.ID, By: "owner-1", Revision: f.Revision}, province, filing.VerdictReview)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	stateOf := func(t *testing.T, records *storage.Records, id string) string {
		t.Helper()
		f, err := records.Filing(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return f.State
	}

	t.Run("a filing is handed in, given back, handed in again and accepted, and each step is kept", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		if _, err := records.Review(t.Context(), f.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the review of a filing that was never handed in: %v", err)
		}
		_, err := records.Submit(t.Context(), storage.Decision{FilingID: f.ID, By: "owner-1", Revision: f.Revision + 1}, "BJ", filing.VerdictPass)
		wantError(t, "handing in another revision", err, storage.ErrConflict)
		submit(t, records, f, "BJ")
		_, err = records.Submit(t.Context(), storage.Decision{FilingID: f.ID, By: "owner-1", Revision: f.Revision}, "BJ", filing.VerdictPass)
		wantError(t, "handing in twice", err, storage.ErrFilingState)
		c.Add(time.Hour)
		back, err := records.Decide(t.Context(), storage.Decision{FilingID: f.ID, Kind: storage.DecisionReturn, By: "reviewer-1", Detail: []byte(`{"words":"x"}`)}, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if back.State != storage.FilingReturned || back.DecidedBy != "reviewer-1" || back.DecidedAt == nil || stateOf(t, records, f.ID) != storage.FilingReturned {
			t.Errorf("given back: %+v", back)
		}
		_, err = records.Decide(t.Context(), storage.Decision{FilingID: f.ID, Kind: storage.DecisionAccept, By: "reviewer-1"}, "", nil)
		wantError(t, "accepting what was given back", err, storage.ErrFilingState)
		again := submit(t, records, f, "SH")
		if again.DecidedBy != "reviewer-1" || !again.SubmittedAt.After(back.SubmittedAt) {
			t.Errorf("handed in again: %+v", again)
		}
		if _, err := records.Decide(t.Context(), storage.Decision{FilingID: f.ID, Kind: storage.DecisionAccept, By: "reviewer-2"}, "", nil); err != nil {
			t.Fatal(err)
		}
		history, err := records.Decisions(t.Context(), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, d := range history {
			kinds = append(kinds, d.Kind+" by "+d.By)
		}
		if diff := cmp.Diff([]string{"submit by owner-1", "return by reviewer-1", "submit by owner-1", "accept by reviewer-2"}, kinds); diff != "" {
			t.Error(diff)
		}
		if string(history[1].Detail) != `{"words":"x"}` || history[1].Revision != f.Revision {
			t.Errorf("what was said when it was given back: %+v", history[1])
		}
	})

	t.Run("an accepted filing changes no more until it is given back", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		submit(t, records, f, "BJ")
		if _, err := records.Decide(t.Context(), storage.Decision{FilingID: f.ID, Kind: storage.DecisionAccept, By: "r"}, "", nil); err != nil {
			t.Fatal(err)
		}
		_, err := records.RecordUpload(t.Context(), upload(f.ID, "a", front))
		wantError(t, "a file for an accepted filing", err, storage.ErrFilingState)
		_, err = records.UpdateFiling(t.Context(), f.ID, f.Revision, []byte(`{}`))
		wantError(t, "other facts of an accepted filing", err, storage.ErrFilingState)
		if _, err := records.Decide(t.Context(), storage.Decision{FilingID: f.ID, Kind: storage.DecisionReturn, By: "r"}, "", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := records.RecordUpload(t.Context(), upload(f.ID, "a", front)); err != nil {
			t.Error(err)
		}
	})

	t.Run("nobody decides on what was exchanged meanwhile", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		first, err := records.RecordUpload(t.Context(), upload(f.ID, "a", front))
		if err != nil {
			t.Fatal(err)
		}
		submit(t, records, f, "BJ")
		seen := storage.StandOf(f.Revision, []string{first.Material.ID})
		second, err := records.RecordUpload(t.Context(), upload(f.ID, "b", front))
		if err != nil {
			t.Fatal(err)
		}
		accept := storage.Decision{FilingID: f.ID, Kind: storage.DecisionAccept, By: "r"}
		_, err = records.Decide(t.Context(), accept, seen, nil)
		wantError(t, "accepting the photo that was exchanged", err, storage.ErrConflict)
		if _, err = records.Decide(t.Context(), accept, storage.StandOf(f.Revision, []string{second.Material.ID}), nil); err != nil {
			t.Error(err)
		}
	})

	t.Run("of many reviewers who claim at once one gets it, and after a while another may", func(t *testing.T) {
		t.Parallel()
		records, f, c := setup(t)
		_, err := records.Claim(t.Context(), f.ID, "a", hold)
		wantError(t, "claiming what was not handed in", err, storage.ErrFilingState)
		submit(t, records, f, "BJ")
		var wg sync.WaitGroup
		var mu sync.Mutex
		var got []string
		for _, who := range []string{"a", "b", "c", "d", "e", "f"} {
			wg.Go(func() {
				_, err := records.Claim(t.Context(), f.ID, who, hold)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					got = append(got, who)
				case !errors.Is(err, storage.ErrClaimed):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(got) != 1 {
			t.Fatalf("claimed by %v", got)
		}
		other := "z"
		_, err = records.Decide(t.Context(), storage.Decision{FilingID: f.ID, Kind: storage.DecisionAccept, By: other}, "", nil)
		wantError(t, "deciding on another's filing", err, storage.ErrClaimed)
		if err := records.Release(t.Context(), f.ID, other); err != nil {
			t.Error(err)
		}
		_, err = records.Claim(t.Context(), f.ID, other, hold)
		wantError(t, "releasing another's claim did something", err, storage.ErrClaimed)
		c.Add(hold - time.Minute)
		if _, err := records.Claim(t.Context(), f.ID, got[0], hold); err != nil { // longer
			t.Error(err)
		}
		c.Add(hold - time.Minute)
		_, err = records.Claim(t.Context(), f.ID, other, hold)
		wantError(t, "a claim that was made longer", err, storage.ErrClaimed)
		c.Add(time.Minute)
		if _, err := records.Claim(t.Context(), f.ID, other, hold); err != nil {
			t.Errorf("after the claim ran out: %v", err)
		}
		if err := records.Release(t.Context(), f.ID, other); err != nil {
			t.Error(err)
		}
		if _, err := records.Claim(t.Context(), f.ID, "y", hold); err != nil {
			t.Errorf("after it was released: %v", err)
		}
	})

	t.Run("the queue gives those that wait longest first, page by page, of what was asked for", func(t *testing.T) {
		t.Parallel()
		records, first, c := setup(t)
		all := []storage.Filing{first}
		for range 6 {
			f, err := records.CreateFiling(t.Context(), "owner-2", facts)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f)
		}
		slices.Reverse(all) // handed in in another order than they were made
		var want []string
		for i, f := range all[:6] {
			if i%2 == 0 {
				c.Add(time.Second) // two of them at one moment
			}
			submit(t, records, f, []string{"BJ", "SH", "GD"}[i%3])
		}
		for i := 0; i < 6; i += 2 { // equal times are in the order of ids
			pair := []string{all[i].ID, all[i+1].ID}
			slices.Sort(pair)
			want = append(want, pair...)
		}
		var got []string
		filter := storage.QueueFilter{States: []string{storage.FilingSubmitted}}
		for {
			page, err := records.Queue(t.Context(), filter, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, q := range page {
				if q.Filing.ID != q.Review.FilingID || string(q.Filing.Facts) != string(facts) {
					t.Errorf("a filing with another's review: %+v", q)
				}
				got = append(got, q.Filing.ID)
			}
			last := page[len(page)-1].Review
			filter.After = storage.QueuePlace{SubmittedAt: last.SubmittedAt, FilingID: last.FilingID}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if _, err := records.Claim(t.Context(), want[0], "me", hold); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]struct {
			filter storage.QueueFilter
			count  int
		}{
			"one province":      {storage.QueueFilter{Provinces: []string{"SH"}}, 2},
			"one owner":         {storage.QueueFilter{Owner: "owner-1"}, 0},
			"another owner":     {storage.QueueFilter{Owner: "owner-2"}, 6},
			"mine":              {storage.QueueFilter{ClaimedBy: "me"}, 1},
			"free":              {storage.QueueFilter{Free: true}, 5},
			"a verdict":         {storage.QueueFilter{Verdicts: []filing.Verdict{filing.VerdictFail}}, 0},
			"accepted":          {storage.QueueFilter{States: []string{storage.FilingAccepted}}, 0},
			"two states of all": {storage.QueueFilter{States: []string{storage.FilingSubmitted, storage.FilingAccepted}}, 6},
		} {
			page, err := records.Queue(t.Context(), q.filter, 100)
			if err != nil || len(page) != q.count {
				t.Errorf("%s: %d, %v, want %d", name, len(page), err, q.count)
			}
		}
		if _, err := records.Decide(t.Context(), storage.Decision{FilingID: want[1], Kind: storage.DecisionReturn, By: "r"}, "", nil); err != nil {
			t.Fatal(err)
		}
		counts, err := records.CountQueue(t.Context(), storage.QueueFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{storage.FilingSubmitted: 5, storage.FilingReturned: 1}, counts); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("what was decided goes with the filing", func(t *testing.T) {
		t.Parallel()
		records, f, _ := setup(t)
		submit(t, records, f, "BJ")
		rows, err := records.ExportFilings(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		other := open(t, storage.RecordsOptions{})
		for range 2 { // the second time changes nothing
			if err := other.ImportFilings(t.Context(), rows); err != nil {
				t.Fatal(err)
			}
		}
		moved, err := other.ExportFilings(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows, moved); diff != "" {
			t.Error(diff)
		}
		if len(moved.Reviews) != 1 || len(moved.Decisions) != 1 {
			t.Errorf("moved %d reviews, %d decisions", len(moved.Reviews), len(moved.Decisions))
		}
		if _, err := records.DeleteFiling(t.Context(), f.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := records.Review(t.Context(), f.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the review of a deleted filing: %v", err)
		}
		if history, err := records.Decisions(t.Context(), f.ID); err != nil || len(history) > 0 {
			t.Errorf("the history of a deleted filing: %v %v", history, err)
		}
	})
}

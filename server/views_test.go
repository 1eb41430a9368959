package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/preflight-icp/preflight/pipeline"
)

func TestReviewersSeeWhoLookedAtWhatAndWhen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	var m material
	b.upload("app", id, photo(t, 92), "material", "applicant_document", "page", "front", "of", "applicant").want(201).into(&m)
	b.link("applicant", id)
	b.page("applicant", "GET", "/filings/"+id, nil).want(200)
	b.page("applicant", "GET", "/v1/materials/"+m.ID+"/image?variant=thumbnail", nil).want(200)
	b.json("app", "POST", "/v1/filings/"+id+"/submissions", `{"words":"样本"}`).want(201)
	b.page("reviewer", "GET", "/review/"+id, nil).want(200)
	b.page("reviewer", "GET", "/v1/materials/"+m.ID+"/image?variant=upright", nil).want(200)
	b.call("other", "GET", "/v1/filings/"+id, nil).want(404)

	var list pipeline.Views
	b.call("reviewer", "GET", "/v1/filings/"+id+"/views", nil).want(200).into(&list)
	var lines []string
	for _, v := range list.Views {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %d", v.Role, v.Operation, v.Detail, v.Status)))
		if v.At.IsZero() || v.Object != id && v.Object != m.ID {
			t.Errorf("a line about something else: %+v", v)
		}
	}
	if got, want := strings.Join(lines, "\n"), strings.Join([]string{
		"reviewer list-views  0", // what is about to be seen is written down first
		"app get-filing  404",
		"reviewer get-image upright 0", "reviewer list-decisions  0", "app submit-filing  0", "applicant get-image thumbnail 0",
		"applicant get-report  0", "app create-link  0", "app upload-material  0",
	}, "\n"); got != want || list.Next != 0 {
		t.Errorf("the lines:\n%s\nwant\n%s", got, want)
	}

	page := b.page("reviewer", "GET", "/review/"+id, nil, "Accept-Language", "zh-CN").want(200).
		has("查看记录", "申请人（手机链接）", "看了小图：", "看大图：", "未成功")
	if strings.Contains(string(page.body), "全部查看记录") {
		t.Error("the page leads to more than there is")
	}
	b.page("reviewer", "GET", "/review/"+id+"/views", nil, "Accept-Language", "en").want(200).has("Who looked at it", "opened it on the desk, 2 times", "saw small pictures of: ")
	b.page("reviewer", "GET", "/review/"+id+"/views?before=x", nil).want(422)

	// Who prepares filings may see what was decided, but not who looked; nor may another organization, or an applicant.
	if page := b.page("app", "GET", "/review/"+id, nil, "Accept-Language", "zh-CN").want(200); strings.Contains(string(page.body), "查看记录") {
		t.Error("the app sees who looked")
	}
	for _, who := range []string{"app", "other", "applicant", "north/reviewer"} {
		b.call(who, "GET", "/v1/filings/"+id+"/views", nil).problem(404, "not_found")
		b.page(who, "GET", "/review/"+id+"/views", nil).want(404)
	}
}

func TestALongTrailIsReadPageByPageAndNoLineIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.filing("app")
	const looks = 230 // more than a page of 200
	for i := range looks {
		if i%3 == 0 {
			b.call("other", "GET", "/v1/filings/"+id, nil).want(404) // two lines of the trail, and one of these
		} else {
			b.call("app", "GET", "/v1/filings/"+id, nil).want(200)
		}
	}
	read, refused, pages, before := 0, 0, 0, int64(0)
	for {
		var list pipeline.Views
		b.call("reviewer", "GET", fmt.Sprintf("/v1/filings/%s/views?before=%d", id, before), nil).want(200).into(&list)
		pages++
		for _, v := range list.Views {
			if v.Operation == "get-filing" {
				read++
			}
			if v.Status == 404 {
				refused++
			}
		}
		if before = list.Next; before == 0 {
			break
		}
	}
	if read != looks || refused != (looks+2)/3 || pages < 2 {
		t.Errorf("%d lines on %d pages, %d of them refused; want %d and %d", read, pages, refused, looks, (looks+2)/3)
	}
	b.page("reviewer", "GET", "/review/"+id, nil, "Accept-Language", "zh-CN").want(200).has("全部查看记录")
	b.page("reviewer", "GET", "/review/"+id+"/views", nil, "Accept-Language", "zh-CN").want(200).has("更早的记录")
}

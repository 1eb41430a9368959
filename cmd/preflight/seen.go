package main

import (
	"fmt"
	"strings"

	"github.com/preflight-icp/preflight/filing"
)

// formatWords are the formats of documents in words of people.
var formatWords = map[string]filing.Text{
	filing.FormatID1: {ZH: "卡片", EN: "card"},
	filing.FormatID3: {ZH: "护照页", EN: "passport page"},
	filing.FormatA4:  {ZH: "A4 纸", EN: "A4"},
	filing.FormatA3:  {ZH: "A3 纸", EN: "A3"},
}

// seen says in one line what was measured in a picture, without judging it; empty where nothing was. The units are those of
// the measurements: sharpness is the height of letters over the width of their edges.
func seen(m *filing.Measurements, lang string) string {
	if m == nil || m.Decode == nil || !m.Decode.Complete {
		return ""
	}
	var parts []string
	add := func(zh, en string, values ...any) {
		parts = append(parts, fmt.Sprintf(filing.Text{ZH: zh, EN: en}.In(lang), values...))
	}
	if d := m.Document; d != nil {
		what := ""
		if len(d.Formats) > 0 {
			f := d.Formats[0]
			what = fmt.Sprintf(filing.Text{ZH: "（%s，每毫米 %.1f 像素）", EN: " (%s, %.1f px/mm)"}.In(lang),
				formatWords[f.Format].In(lang), f.PxPerMM)
		}
		add("证件 %.0f%%%s", "document %.0f %%%s", min(100*d.Confidence, 99), what)
		if d.OutsideShare > 0 {
			add("画面外 %.1f%%", "cut off %.1f %%", 100*d.OutsideShare)
		}
		if d.Occluded > 0 {
			add("遮挡 %.1f%%", "covered %.1f %%", 100*d.Occluded)
		}
		if n := len(m.Others); n > 0 {
			add("另有 %d 份", "%d more", n)
		}
	}
	if m.Sharpness > 0 {
		add("清晰度 %.1f", "sharpness %.1f", m.Sharpness)
	}
	if g := m.Glare; g != nil {
		add("反光 %.1f%%", "glare %.1f %%", 100*g.Share)
	}
	if e := m.Exposure; e != nil {
		add("纸白 %.0f 墨色 %.0f", "paper %.0f ink %.0f", e.Paper, e.Ink)
	}
	if c := m.Colour; c != nil {
		add("彩度 %.0f", "chroma %.0f", c.Chroma)
	}
	if n := len(m.Faces); n > 0 {
		add("人脸 %d 张", "faces %d", n)
	}
	if r := m.Recapture; r != nil {
		add("翻拍 %.0f%%", "screen %.0f %%", 100*r.Score)
	}
	return strings.Join(parts, " · ")
}

package differential

import (
	"math/rand/v2"

	"github.com/preflight-icp/preflight/filing"
)

// Draw makes facts that know more or less, crowded around the edges of the rules. words are those that rules look for.
func Draw(r *rand.Rand, words []string) *filing.Facts {
	d := drawer{Rand: r, words: words, facts: new(filing.Facts), known: []float64{0.3, 0.6, 0.85, 0.97, 1, 1}[r.IntN(6)]}
	asOf := []string{"2020-12-01", "2020-11-30", "2020-08-31", "2021-02-28", "2024-02-29", "2020-10-20"}[r.IntN(6)]
	d.asOf, _ = filing.ParseDate(asOf)
	for fact := filing.Fact(0); fact < filing.NumFacts; fact++ {
		if fact.List() != filing.ListNone {
			continue
		}
		p := d.known
		switch fact {
		case filing.FactProvince, filing.FactAction, filing.FactApplicantType:
			p = max(p, 0.9)
		case filing.FactAsOf:
			if r.Float64() < 0.97 {
				d.facts.Set(filing.Ref{Fact: fact}, filing.Value{Num: int32(d.asOf), Known: true})
			} else {
				d.asOf = filing.Today(now())
			}
			continue
		}
		d.set(filing.Ref{Fact: fact}, p)
	}
	if r.Float64() < d.known {
		n := []int{0, 1, 1, 1, 2, 3}[r.IntN(6)]
		d.facts.SetLen(filing.ListSites, 0, n)
		for i := range n {
			d.items(filing.ListSites, i, 1)
			for _, list := range []filing.List{filing.ListPreapprovals, filing.ListDomains} {
				if r.Float64() < d.known {
					d.items(list, i, []int{0, 1, 1, 2, 3}[r.IntN(5)])
				}
			}
		}
	}
	return d.facts
}

type drawer struct {
	*rand.Rand
	words []string
	facts *filing.Facts
	known float64
	asOf  filing.Date
}

func (d *drawer) items(list filing.List, site, n int) {
	if list != filing.ListSites {
		d.facts.SetLen(list, site, n)
	}
	for i := range n {
		for fact := filing.Fact(0); fact < filing.NumFacts; fact++ {
			if fact.List() == list {
				d.set(filing.Ref{Fact: fact, Site: int32(site), Item: int32(i)}, d.known)
			}
		}
	}
}

func (d *drawer) set(at filing.Ref, p float64) {
	if d.Float64() < p {
		d.facts.Set(at, d.value(at.Fact))
	}
}

var (
	names = []string{"样本", "样本园艺有限公司", "样本基金会", "网络p2p", "样本P2P", "华苑产业园样本路", "互联网支付样本", "Specimen", "样本站点"}
	// the same prefix under several suffixes, in either spelling, and suffixes that BJ does not take
	domainNames = []string{"specimen.com", "specimen.com.cn", "SPECIMEN.XYZ", "example.com", "specimen.tw", "specimen.org", "样本.中国",
		"xn--specimen.xn--fiqs8s", "specimen.中国", "a.specimen.cn", "com", "specimen.com."}
)

func (d *drawer) value(fact filing.Fact) filing.Value {
	v := filing.Value{Known: true}
	switch fact.Kind() {
	case filing.KindText:
		switch {
		case fact == filing.FactDomainName:
			v.Text = domainNames[d.IntN(len(domainNames))]
		case len(d.words) > 0 && d.IntN(4) == 0:
			v.Text = "样本" + d.words[d.IntN(len(d.words))] + "有限公司"
		default:
			v.Text = names[d.IntN(len(names))]
		}
	case filing.KindBool:
		v.Num = int32(d.IntN(2))
	case filing.KindInt:
		edges := []int32{0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 30, 31, 32, 100}
		v.Num = edges[d.IntN(len(edges))]
	case filing.KindEnum:
		v.Num = int32(d.IntN(len(fact.Values())))
		if d.IntN(3) == 0 {
			v.Num = 0 // the usual one: id_card, mainland, applicant
		}
	case filing.KindProvince:
		v.Num = int32(d.IntN(len(fact.Values())))
		if own := d.facts.Get(filing.FactProvince); own.Known && d.IntN(2) == 0 {
			v.Num = own.Num
		}
	default:
		v.Num = int32(d.day(fact))
	}
	return v
}

func (d *drawer) day(fact filing.Fact) filing.Date {
	near := d.IntN(3) - 1
	switch fact {
	case filing.FactPrincipalBirthDate, filing.FactSiteManagerBirthDate:
		years := []int{-18, -18, -18, -16, -40}[d.IntN(5)]
		return d.asOf.AddMonths(12 * years).AddDays(near)
	}
	if fact.Kind() == filing.KindDateOrLongTerm && d.IntN(8) == 0 {
		return filing.LongTerm
	}
	switch d.IntN(3) {
	case 0:
		return d.asOf.AddMonths([]int{0, 1, 3, 6, -6, 12}[d.IntN(6)]).AddDays(near)
	case 1:
		return d.asOf.AddDays([]int{0, 3, -3, 45, 90, 180, -180}[d.IntN(7)] + near)
	}
	turn, _ := filing.ParseDate("2018-01-01")
	return turn.AddDays(near)
}

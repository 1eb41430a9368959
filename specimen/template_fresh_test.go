package specimen

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// freshHalves are the test halves that were drawn since the first was opened.
var freshHalves = []struct {
	half      Half
	templates []template
}{{Test2, freshTemplates()}, {Test3, thirdTemplates()}}

func TestFreshTemplatesShowWhatTheySay(t *testing.T) {
	t.Parallel()
	fonts := fontsFor(t)
	for _, tm := range append(freshTemplates(), thirdTemplates()...) {
		t.Run(tm.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(6) {
				w, h := tm.size()
				ppm := 3.0
				if w < 130 {
					ppm = 8
				}
				d := tm.draw(fonts, rand.New(rand.NewPCG(seed, 0x5bec1)), ppm)
				if d.Kind != tm.kind || d.WidthMM != w || d.HeightMM != h {
					t.Errorf("%s of %g x %g mm, the template says %s of %g x %g", d.Kind, d.WidthMM, d.HeightMM, tm.kind, w, h)
				}
				text, values := "", map[string]string{}
				for i, l := range d.Lines {
					text += l.Text
					values[l.Field] += l.Text
					for _, p := range l.Quad {
						if p[0] < 0 || p[1] < 0 || p[0] > w*ppm || p[1] > h*ppm {
							t.Errorf("seed %d: %q lies outside the document: %v", seed, l.Text, l.Quad)
						}
					}
					for _, other := range d.Lines[:i] {
						if a, b := l.Quad, other.Quad; a[0][0] < b[2][0] && b[0][0] < a[2][0] && a[0][1]+1 < b[2][1] && b[0][1]+1 < a[2][1] {
							t.Errorf("seed %d: %q is printed over %q", seed, l.Text, other.Text)
						}
					}
					if dark := darkest(d, l); dark > 150 {
						t.Errorf("seed %d: line %q cannot be seen (darkest %d)", seed, l.Text, dark)
					}
				}
				if !strings.Contains(text, "样本 SPECIMEN") {
					t.Errorf("seed %d: no line says 样本 SPECIMEN", seed)
				}
				f := d.Fields
				for name, want := range map[string]string{"title": f.Title, "number": f.Number, "credit_code": f.CreditCode, "domain": f.Domain,
					"holder": f.Holder, "company": f.Company, "principal": f.Principal} {
					printed := values[name]
					if printed == "" { // within a sentence, or below a heading
						printed = text
					}
					if !strings.Contains(printed, want) && !strings.Contains(text, want) {
						t.Errorf("seed %d: %s is %q and is not printed", seed, name, want)
					}
				}
			}
		})
	}
}

func TestFreshHalvesHaveTheSharesOfTheTestHalf(t *testing.T) {
	t.Parallel()
	count := func(half Half) (of map[Group]int, all int) {
		of = map[Group]int{}
		for _, c := range append(Cases(half), FaceCases(half)...) {
			of[c.Group]++
			all++
		}
		return of, all
	}
	was, _ := count(Test)
	for _, fresh := range freshHalves {
		is, all := count(fresh.half)
		if all != 2700 {
			t.Errorf("%s: %d photos", fresh.half, all)
		}
		for g, n := range was {
			if is[g] != n/2 {
				t.Errorf("%s %s: %d photos, the test half has %d", fresh.half, g, is[g], n)
			}
		}
	}
}

func TestAFreshHalfTakesEveryTemplateAndSurface(t *testing.T) {
	t.Parallel()
	for _, fresh := range freshHalves {
		t.Run(string(fresh.half), func(t *testing.T) {
			t.Parallel()
			templates, surfaces, screens, pale := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
			for _, c := range Cases(fresh.half) {
				templates[c.Template], surfaces[c.Surface] = true, true
				if c.setting.screen != nil {
					screens[c.Variant] = true
				}
				if c.Variant == "pale_original" {
					pale[c.Template] = true
				}
				if c.Template != "" && c.setting.surface.make == nil {
					t.Errorf("%s lies on nothing", c.ID)
				}
			}
			for _, tm := range fresh.templates {
				if !templates[tm.name] {
					t.Errorf("no photo shows %s", tm.name)
				}
			}
			for _, s := range surfacesOf(fresh.half) {
				if !surfaces[s.name] {
					t.Errorf("nothing lies on %s", s.name)
				}
			}
			if len(screens) < 6 || len(pale) != 2 {
				t.Errorf("screens: %v, pale originals: %v", screens, pale)
			}
		})
	}
}

// A half that lacks a surface that a plan asks for by name would take any, and tell nothing of what the plan is for.
func TestEveryHalfHasTheSurfacesThatPlansAskFor(t *testing.T) {
	t.Parallel()
	asked := map[string]int{"fine_cloth": 1, "beside_keyboard": 1, "dark_table": 1, "bright_right": 1, "white_on_white": 3, "patterned": 5, "grid": 5}
	for _, half := range []Half{Tune, Test, Test2, Test3} {
		on := map[string]map[string]bool{}
		for _, c := range Cases(half) {
			if on[c.Variant] == nil {
				on[c.Variant] = map[string]bool{}
			}
			on[c.Variant][c.Surface] = true
		}
		for variant, most := range asked {
			if n := len(on[variant]); n == 0 || n > most {
				t.Errorf("%s: %s lies on %v", half, variant, on[variant])
			}
		}
	}
}

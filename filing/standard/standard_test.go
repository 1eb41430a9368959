package standard

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/preflight-icp/preflight/filing"
)

// The numbers here are nobody's: their regions, 99 and 0, do not exist, or their sequence is one that is not given out.
const specimenID, specimenCode = "990411197708016342", "91990411MAU8H5FM09"

func TestCitizensNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []error // all that are wrong, none where it is right
		region     string
		male       bool
	}{
		{"a specimen is right, its region unknown", specimenID, nil, "", false},
		{"spaces are left out", " 990411 19770801 6342 ", nil, "", false},
		{"full-width digits count", "９９０４１１１９７７０８０１６３４２", nil, "", false},
		{"the example of the standard", "11010519491231002X", nil, "北京", false},
		{"a small x", "11010519491231002x", nil, "北京", false},
		{"the other example of the standard", "440524188001010014", []error{ErrDate}, "广东", true},
		{"another check digit", "990411197708016343", []error{ErrChecksum}, "", false},
		{"two digits exchanged", "990411197780016342", []error{ErrDate, ErrChecksum}, "", false},
		{"the thirtieth of February", "990411197702306346", []error{ErrDate, ErrChecksum}, "", false},
		{"fifteen digits", "990411770801634", []error{ErrOldNumber}, "", false},
		{"fifteen characters", "99041177080163X", []error{ErrLength}, "", false},
		{"a letter", "99041119770801634A", []error{ErrCharacter}, "", false},
		{"an X in the midst", "9904111977080163X2", []error{ErrCharacter}, "", false},
		{"a character beyond ASCII", "99041119770801634二", []error{ErrCharacter}, "", false},
		{"nothing", "", []error{ErrLength}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, err := ParseIDNumber(c.text)
			for _, e := range []error{ErrLength, ErrOldNumber, ErrCharacter, ErrChecksum, ErrDate} {
				wanted := false
				for _, w := range c.want {
					wanted = wanted || errors.Is(w, e)
				}
				if errors.Is(err, e) != wanted {
					t.Errorf("%v, want %v", err, c.want)
				}
			}
			if n.Region.Name != c.region || n.RegionKnown() != (c.region != "") || n.Male != c.male {
				t.Errorf("%+v", n)
			}
			if err != nil && len(c.text) > 10 && strings.Contains(err.Error(), c.text[6:10]) {
				t.Errorf("the error repeats the number: %v", err)
			}
		})
	}
	n, err := ParseIDNumber(specimenID)
	if err != nil || n.Birth.String() != "1977-08-01" {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestCreditCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []error
	}{
		{"a specimen", specimenCode, nil},
		{"small letters", strings.ToLower(specimenCode), nil},
		{"another check character", "91990411MAU8H5FM08", []error{ErrChecksum}},
		{"another organization", "91990411MAU8H5FN09", []error{ErrChecksum, ErrOrganization}},
		{"a letter that the standard leaves out", "91990411MAU8H5FMO9", []error{ErrCharacter}},
		{"a letter in the region", "9199O411MAU8H5FM09", []error{ErrCharacter}},
		{"too short", "91990411MAU8H5FM0", []error{ErrLength}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseCreditCode(c.text)
			for _, e := range []error{ErrLength, ErrCharacter, ErrChecksum, ErrOrganization} {
				wanted := false
				for _, w := range c.want {
					wanted = wanted || errors.Is(w, e)
				}
				if errors.Is(err, e) != wanted {
					t.Errorf("%v, want %v", err, c.want)
				}
			}
		})
	}
	c, err := ParseCreditCode(specimenCode)
	want := CreditCode{Code: specimenCode, Authority: '9', Category: '1', Organization: "MAU8H5FM0"}
	if diff := cmp.Diff(want, c); err != nil || diff != "" || c.RegionKnown() {
		t.Error(err, diff)
	}
}

func TestOrganizationCodes(t *testing.T) {
	t.Parallel()
	// D2143569-X is the example of GB 11714 itself.
	for text, want := range map[string]error{
		"D2143569-X": nil, "D2143569X": nil, "MAU8H5FM-0": nil, "D2143569-1": ErrChecksum, "D21435-X": ErrLength,
		"D21435?9-X": ErrCharacter, "D2143569-A": ErrCharacter,
	} {
		if _, err := ParseOrganizationCode(text); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

func TestKindsOfNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]NumberKind{
		specimenID: NumberCitizen, "H99016342": NumberHongKongMacauTravel, "M9901634201": NumberHongKongMacauTravel,
		"99016342": NumberTaiwanTravel, "9901634201A": NumberTaiwanTravel, "S99411197": NumberPassport, "EA9901634": NumberPassport,
		"K99A": "", "ABCDEFGH": "", "": "", "H99 016 342": NumberHongKongMacauTravel,
		"810000199001010013": NumberHongKongMacauResidence, "830000199001010014": NumberTaiwanResidence,
	} {
		if got, ok := KindOfNumber(text); got != want || ok != (want != "") {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"E99016342": true, "EA9901634": true, "EI9901634": false, "G99016342": true, "GA9901634": false, "S99411197": true,
		"SE9901634": true, "X99016342": false, "E9901634": false,
	} {
		if got := IsChinesePassport(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	// The example of ICAO Doc 9303-4, appendix B.
	for part, want := range map[string]byte{"L898902C3": '6', "740812": '2', "120415": '9', "ZE184226B<<<<<": '1', "?": 0} {
		if got := MachineCheck(part); got != want {
			t.Errorf("%s: %c, want %c", part, got, want)
		}
	}
}

func TestOneDoubtfulCharacterIsPutRight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		doubtful   []int
		want       string // "" where it stays wrong
		repair     Repair
	}{
		{"right as it stands", specimenID, []int{3}, specimenID, nil},
		{"the doubtful one is wrong", "990411197708816342", []int{12}, specimenID, Repair{12}},
		{"nothing is doubtful", "990411197708816342", nil, "", nil},
		{"another one is doubtful, and no date follows", "990411197708816342", []int{6}, "", nil},
		{"a letter for a digit", "99O411197708016342", nil, specimenID, Repair{2}},
		{"what cannot stand there is doubtful", "99?411197708016342", nil, specimenID, Repair{2}},
		{"a Chinese character is one", "990411一97708016342", nil, specimenID, Repair{6}},
		{"two are wrong", "99?4111977080163?2", nil, "", nil},
		{"two are doubtful and both could be", "990411197708016352", []int{15, 16}, "", nil},
		{"one is missing", "99041119770801634", []int{3}, "", nil},
		{"a place beyond the number", "990411197708816342", []int{40, -1}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, repair, err := RepairIDNumber(c.text, c.doubtful)
			if (err == nil) != (c.want != "") || err == nil && n.Number != c.want {
				t.Errorf("%s, %v", n.Number, err)
			}
			if err == nil {
				if diff := cmp.Diff(c.repair, repair); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	code, repair, err := RepairCreditCode("9199O411MAU8H5FM09", nil)
	if err != nil || code.Code != specimenCode || !cmp.Equal(repair, Repair{4}) {
		t.Errorf("%+v, %v, %v", code, repair, err)
	}
	code, repair, err = RepairCreditCode("91990411MAUBH5FM09", []int{11})
	if err != nil || code.Code != specimenCode || !cmp.Equal(repair, Repair{11}) {
		t.Errorf("%+v, %v, %v", code, repair, err)
	}
	if _, _, err := RepairCreditCode("91990411MAUBH5FM09", nil); !errors.Is(err, ErrChecksum) {
		t.Error(err)
	}
}

func TestDatesOfEveryForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"2020.01.02", "2020-01-02"},
		{"2020-1-2", "2020-01-02"},
		{"2020/01/02", "2020-01-02"},
		{"20200102", "2020-01-02"},
		{"2020.0102", "2020-01-02"},
		{"2020·01。02", "2020-01-02"},
		{"２０２０．０１．０２", "2020-01-02"},
		{"2020年1月2日", "2020-01-02"},
		{"2020 年 01 月 02 日", "2020-01-02"},
		{"2020年1月2", "2020-01-02"},
		{"2020年12月31号", "2020-12-31"},
		{"二〇二〇年一月二日", "2020-01-02"},
		{"二○二○年十二月三十一日", "2020-12-31"},
		{"二零二零年十月二十日", "2020-10-20"},
		{"二O二O年十一月一十二日", "2020-11-12"},
		{"二〇〇三年二月廿日", ""},
		{"02 JAN 2020", "2020-01-02"},
		{"2 January 2020", "2020-01-02"},
		{"Jan. 2, 2020", "2020-01-02"},
		{"长期", "long_term"},
		{"长 期", "long_term"},
		{"永久", "long_term"},
		{"2020.02.30", ""},
		{"2020.13.01", ""},
		{"20201", ""},
		{"202.01.02", ""},
		{"1899.01.01", ""},
		{"2020年", ""},
		{"2020年1月", ""},
		{"十月二十日", ""},
		{"02 JUX 2020", ""},
		{"", ""},
		{"  ", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			d, ok := ParseDate(c.text)
			if ok != (c.want != "") || ok && d.String() != c.want {
				t.Errorf("%v, %v, want %q", d, ok, c.want)
			}
		})
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, from, until string }{
		{"2020.01.02-2040.01.02", "2020-01-02", "2040-01-02"},
		{"2020.01.02—2040.01.02", "2020-01-02", "2040-01-02"},
		{"2020.01.022040.01.02", "2020-01-02", "2040-01-02"},
		{"2020.01.02-长期", "2020-01-02", "long_term"},
		{"2020.01.02长期", "2020-01-02", "long_term"},
		{"2003年1月3日至长期", "2003-01-03", "long_term"},
		{"自2003年1月3日至2023年1月2日止", "2003-01-03", "2023-01-02"},
		{"2020-03-01 至 2025-03-01", "2020-03-01", "2025-03-01"},
		{"有效期至 2040.01.02", "", "2040-01-02"},
		{"2040.01.02-2020.01.02", "", ""},
		{"长期-2020.01.02", "", ""},
		{"2020.01.02", "", "2020-01-02"},
		{"号码 990411197708016342", "", ""},
		{"", "", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			p, ok := ParsePeriod(c.text)
			if ok != (c.until != "") {
				t.Fatalf("%+v, %v", p, ok)
			}
			if ok && (p.Until.String() != c.until || p.HasFrom != (c.from != "") || p.HasFrom && p.From.String() != c.from) {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestDatesSayWhereTheyStand(t *testing.T) {
	t.Parallel()
	got := FindDates("成立于2003 年1月3日，990411197708016342，至长 期")
	want := []Dated{{filing.NewDate(2003, 1, 3), 3, 13}, {filing.LongTerm, 34, 37}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEverySingleWrongDigitOfANumberIsNoticed(t *testing.T) {
	t.Parallel()
	for i := range len(specimenID) {
		for d := byte('0'); d <= '9'; d++ {
			if wrong := specimenID[:i] + string(d) + specimenID[i+1:]; wrong != specimenID {
				if _, err := ParseIDNumber(wrong); !errors.Is(err, ErrChecksum) {
					t.Errorf("%s: %v", wrong, err)
				}
			}
		}
	}
	for i := range len(specimenCode) {
		for k := range len(creditAlphabet) {
			wrong := specimenCode[:i] + creditAlphabet[k:k+1] + specimenCode[i+1:]
			if _, err := ParseCreditCode(wrong); wrong != specimenCode && err == nil {
				t.Errorf("%s is right", wrong)
			}
		}
	}
}

func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{specimenID, specimenCode, "D2143569-X", "H99016342", "99?41119770801634二", "\xff9"} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, text string, doubtful int) {
		if n, repair, err := RepairIDNumber(text, []int{doubtful}); err == nil {
			if again, err := ParseIDNumber(n.Number); err != nil || again != n || len(repair) > idLength {
				t.Errorf("%+v of %q: %+v, %v", n, text, again, err)
			}
		}
		if c, _, err := RepairCreditCode(text, []int{doubtful}); err == nil {
			if again, err := ParseCreditCode(c.Code); err != nil || again != c {
				t.Errorf("%+v of %q: %+v, %v", c, text, again, err)
			}
		}
		if c, err := ParseOrganizationCode(text); err == nil && len(c) != organizationLength {
			t.Errorf("%q of %q", c, text)
		}
		KindOfNumber(text)
		IsChinesePassport(text)
		MachineCheck(text)
	})
}

func FuzzDates(f *testing.F) {
	for _, seed := range []string{"2020.01.022040.01.02", "二〇二〇年十二月三十一日", "02 JAN 2020", "2003年1月3日至长期", "\xff2020"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		length, end := len([]rune(text)), 0
		for _, d := range FindDates(text) {
			if d.From < end || d.To <= d.From || d.To > length {
				t.Fatalf("%+v after %d of %d in %q", d, end, length, text)
			}
			end = d.To
			if d.Date != filing.LongTerm {
				if again, ok := ParseDate(d.Date.String()); !ok || again != d.Date {
					t.Errorf("%v becomes %v", d.Date, again)
				}
			}
		}
		ParsePeriod(text)
	})
}

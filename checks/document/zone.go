package document

import (
	"strings"

	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/filing/standard"
)

// zoneLength is how many characters a line of a passport's machine-readable zone has, and zoneNeeded how many of them count here: what
// follows is optional data and fillers, of which readers lose some.
const zoneLength, zoneNeeded = 44, 28

// Places in the second line of the zone of a passport (ICAO Doc 9303-4, section 4.2.2.2): each part is followed by its check digit.
const (
	zoneNumber, zoneNumberCheck = 0, 9
	zoneBirth, zoneBirthCheck   = 13, 19
	zoneSex                     = 20
	zoneExpiry, zoneExpiryCheck = 21, 27
)

// machineZone reads the machine-readable zone of a passport (机读区): number, birth date, sex and expiry. It is nothing where one of
// the three check digits is wrong, since then nobody knows which part is.
func (s *sheet) machineZone() []filing.Field {
	for i := range s.lines {
		text, ok := zoneText(s.lines[i].runes)
		if !ok {
			continue
		}
		number, birth, expiry := text[zoneNumber:zoneNumberCheck], digitsOf(text[zoneBirth:zoneBirthCheck]), digitsOf(text[zoneExpiry:zoneExpiryCheck])
		if check := digitsOf(text[zoneNumberCheck : zoneNumberCheck+1])[0]; standard.MachineCheck(number) != check {
			number = strings.ReplaceAll(number, "O", "0") // which states leave out of their numbers, since they look alike
		}
		if standard.MachineCheck(number) != digitsOf(text[zoneNumberCheck : zoneNumberCheck+1])[0] ||
			standard.MachineCheck(birth) != digitsOf(text[zoneBirthCheck : zoneBirthCheck+1])[0] ||
			standard.MachineCheck(expiry) != digitsOf(text[zoneExpiryCheck : zoneExpiryCheck+1])[0] {
			continue
		}
		until, ok := standard.ParseDate("20" + expiry)
		if !ok {
			continue
		}
		// Nobody is born after a passport ends: of both centuries the later one that is possible.
		born, ok := standard.ParseDate("20" + birth)
		if !ok || born > until {
			born, ok = standard.ParseDate("19" + birth)
		}
		if !ok {
			continue
		}
		field := func(name filing.FieldName, from, to int, value string) filing.Field {
			f := s.field(name, part{i, from, to})
			f.Value = value
			return f
		}
		out := []filing.Field{
			field(filing.FieldNumber, zoneNumber, zoneNumberCheck, strings.TrimRight(number, "<")),
			field(filing.FieldBirth, zoneBirth, zoneBirthCheck, born.String()),
			field(filing.FieldValidUntil, zoneExpiry, zoneExpiryCheck, until.String()),
		}
		switch text[zoneSex] {
		case 'M':
			out = append(out, field(filing.FieldSex, zoneSex, zoneSex+1, "男"))
		case 'F':
			out = append(out, field(filing.FieldSex, zoneSex, zoneSex+1, "女"))
		}
		return out
	}
	return nil
}

// zoneText is a line as the second of a zone: as many characters as are needed, fillers in the forms in which readers see them.
func zoneText(runes []rune) (string, bool) {
	if len(runes) < zoneNeeded || len(runes) > zoneLength+2 {
		return "", false
	}
	var out strings.Builder
	for _, r := range runes {
		switch {
		case r >= 'a' && r <= 'z':
			out.WriteRune(r - 'a' + 'A')
		case r >= '0' && r <= '9' || r == '<':
			out.WriteRune(r)
		case strings.ContainsRune("《«く(", r):
			out.WriteByte('<')
		default:
			return "", false
		}
	}
	return out.String(), true
}

// digitsOf replaces letters by the digits that they look like.
func digitsOf(text string) string {
	return strings.NewReplacer("O", "0", "Q", "0", "D", "0", "I", "1", "L", "1", "Z", "2", "S", "5", "B", "8", "G", "6").Replace(text)
}

// withZone puts what the zone proves in the place of what was read from the print, and says so where they differ.
func withZone(printed, zone []filing.Field) []filing.Field {
	for _, z := range zone {
		found := false
		for i := range printed {
			p := &printed[i]
			if p.Name != z.Name {
				continue
			}
			if found = true; p.Value != z.Value {
				p.Value, p.Repaired = z.Value, true
			}
		}
		if !found {
			printed = append(printed, z)
		}
	}
	return printed
}

package standard

import (
	"slices"
	"strings"
)

// Repair says which characters of a number were put right, as places from 0; none where it was right as it stood.
type Repair []int

// RepairIDNumber reads a citizen's number of which some characters are in doubt: those at the given places, counted
// without spaces, and any that cannot stand in theirs. Letters that look like a digit (O, I, Z, S, B) count as that digit. Where the number is wrong as it stands, one
// of the doubtful characters is put right if exactly one number follows from it whose check character and date are right. The
// errors are those of ParseIDNumber; with ErrChecksum and ErrDate the number is returned as it stands.
func RepairIDNumber(text string, doubtful []int) (IDNumber, Repair, error) {
	s, repair := likely(compact(text), func(i int, c byte) bool { return isDigit(c) || i == 17 && c == 'X' })
	n, err := ParseIDNumber(s)
	if err == nil || len(s) != idLength {
		return n, repair, err
	}
	if right, at, ok := single(s, doubtful, "0123456789X", func(t string) bool {
		_, err := ParseIDNumber(t)
		return err == nil
	}); ok {
		n, err = ParseIDNumber(right)
		return n, append(repair, at), err
	}
	return n, repair, err
}

// RepairCreditCode is RepairIDNumber for credit codes: both check characters must be right.
func RepairCreditCode(text string, doubtful []int) (CreditCode, Repair, error) {
	s, repair := likely(compact(text), creditAllows)
	c, err := ParseCreditCode(s)
	if err == nil || len(s) != creditLength {
		return c, repair, err
	}
	if right, at, ok := single(s, doubtful, creditAlphabet, func(t string) bool {
		_, err := ParseCreditCode(t)
		return err == nil
	}); ok {
		c, err = ParseCreditCode(right)
		return c, append(repair, at), err
	}
	return c, repair, err
}

// likely replaces characters that cannot stand in their place by the digit that they look like.
func likely(s string, allows func(i int, c byte) bool) (string, Repair) {
	const letters, looks = "OQDILZSB", "00011258"
	out := []byte(s)
	var repair Repair
	for i, c := range out {
		if allows(i, c) {
			continue
		}
		if k := strings.IndexByte(letters, c); k >= 0 && allows(i, looks[k]) {
			out[i] = looks[k]
			repair = append(repair, i)
		}
	}
	return string(out), repair
}

// single changes one doubtful character so that a number is right, if exactly one number follows.
func single(s string, doubtful []int, alphabet string, right func(string) bool) (string, int, bool) {
	found, place := "", -1
	places := slices.Clone(doubtful)
	for i := range len(s) {
		if strings.IndexByte(alphabet, s[i]) < 0 {
			places = append(places, i)
		}
	}
	slices.Sort(places)
	for _, i := range slices.Compact(places) {
		if i < 0 || i >= len(s) {
			continue
		}
		for k := range len(alphabet) {
			t := s[:i] + alphabet[k:k+1] + s[i+1:]
			if t == s || !right(t) {
				continue
			}
			if found != "" {
				return "", -1, false
			}
			found, place = t, i
		}
	}
	return found, place, found != ""
}

package document

// distance is the least number of characters to replace, leave out or put in between a text and any part of another that begins
// where `from` says, and where that part ends (Sellers, 1980).
func distance(text, within []rune, from int) (least, end int) {
	if from > len(within) {
		return len(text), from
	}
	within = within[from:]
	row := make([]int, len(within)+1)
	for j := range row {
		row[j] = j
	}
	for i, want := range text {
		diagonal := row[0]
		row[0] = i + 1
		for j, got := range within {
			cost := diagonal
			if want != got {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	least = len(text)
	for j, v := range row {
		// Of equal ends the one that takes as many characters as the text has.
		if v < least || v == least && abs(j-len(text)) < abs(end-len(text)) {
			least, end = v, j
		}
	}
	return least, from + end
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

// slips is how many slips of recognition a word may have and still be itself.
func slips(n int) int {
	switch {
	case n < 3:
		return 0
	case n < 6:
		return 1
	case n < 12:
		return 2
	default:
		return 3
	}
}

// anywhere finds a word in a text, with slips; at is -1 where it is not there. The place with the fewest slips counts, of those
// the first.
func anywhere(word, text []rune) (at, end, wrong int) {
	at, wrong = -1, slips(len(word))+1
	for i := range text {
		// A slip at the start is found from the next place too; an equal first character is the better place.
		if n, e := distance(word, text, i); n < wrong {
			at, end, wrong = i, e, n
		}
	}
	return at, end, wrong
}

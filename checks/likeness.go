package checks

import (
	"strings"
	"unicode"
)

// likeness is how much a name that was read is like one that was written down.
type likeness struct {
	// same: nothing but spaces, marks, case and width differ, or one character that recognition takes for the other.
	same bool
	// close: one character differs that recognition does not take for the other.
	close bool
	// doubtful: they may be the same for all that can be told: part of a long name is missing or read otherwise, or the two are of
	// different scripts.
	doubtful bool
	// share is how much is alike, 0 to 1.
	share float64
}

const (
	// similarCost is what a pair of characters counts for that recognition confuses; one such slip is forgiven, and so are two.
	similarCost, forgiven = 0.3, 0.6
	// longName is how many characters a name has of which a few may be read wrong without its being another: a unit's. Of a person's
	// name each character tells.
	longName = 8
	// longShare is the share of a long name that may differ and leave it doubtful: 北京 and 上海 before one name of ten are two units.
	longShare = 0.15
)

// compareNames compares a name as it was read with the one that is expected.
func compareNames(read, want string) likeness {
	a, b := []rune(folded(read)), []rune(folded(want))
	if len(a) == 0 || len(b) == 0 {
		return likeness{doubtful: true}
	}
	if hasHan(a) != hasHan(b) {
		return likeness{doubtful: true} // 张三 and ZHANG SAN may be one person
	}
	if string(a) == string(b) {
		return likeness{same: true, share: 1}
	}
	cost := distance(a, b)
	longest := float64(max(len(a), len(b)))
	out := likeness{share: max(0, 1-cost/longest), same: cost <= forgiven && (cost == 0 || longest >= 3 || cost <= similarCost)}
	if out.same {
		return out
	}
	out.close = cost <= 1
	if longest >= longName {
		shorter, longer := string(a), string(b)
		if len(a) > len(b) {
			shorter, longer = longer, shorter
		}
		part := 2*len([]rune(shorter)) >= len([]rune(longer)) && strings.Contains(longer, shorter)
		out.doubtful = part || cost <= max(1, longShare*longest)
	}
	return out
}

func hasHan(text []rune) bool {
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}

// folded leaves letters, digits and Chinese characters, small and of half width: brackets of either form, points in names and
// spaces tell nothing.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xff01 && r <= 0xff5e {
			r -= 0xff01 - '!'
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// distance is the edit distance (Levenshtein, Soviet Physics Doklady 10(8):707, 1966), where characters that look alike cost less.
func distance(a, b []rune) float64 {
	row := make([]float64, len(b)+1)
	for i := range row {
		row[i] = float64(i)
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = float64(i + 1)
		for k, y := range b {
			cost := diagonal
			switch {
			case x == y:
			case similar(x, y):
				cost += similarCost
			default:
				cost++
			}
			diagonal = row[k+1]
			row[k+1] = min(cost, row[k]+1, row[k+1]+1)
		}
	}
	return row[len(b)]
}

// similarCharacters are groups of characters that recognition takes for one another: they differ by a dot, a hook, or the length of
// a stroke. Of names and of the words of units' names.
const similarCharacters = "未末 己已巳 土士 日曰 人入八 千干于 天夭 大太犬 王玉主 田由甲申 目自白 午牛 木术本 刀力 又叉 风凤 戊戌戍 析折拆 侯候 " +
	"晴睛 清请 阳阴 旦且 幕暮慕墓 辛幸 徽微 朱未 丘兵 江汪 林材 雯霎 钧钩 铭钻 浩洁 沈沉 祎袆 祥详 佳住往 伟侍 俊後 建健 宇字 宁宇 " +
	"昊昊 吴昊 冉再 洁浩 妹姝 姗珊 娜哪 萍平 莹荧 蓝篮 薄簿 茵菌 芷芒 若苦 菁青 瑜愉 琪淇棋 琳林 璐潞 玮伟 珏钰 晓烧 晨展 旻昊 昕听 炜伟 烨烽 " +
	"亭亮 享亨 彤形 彬杉 芸云 媛缓 婷亭 嘉喜 熹喜 冶治 泠冷 凌淩 决抉 汩泪 间问闻 阎阁 陈阵 隋随 雪雷 o0口 l1i"

// similar reports whether recognition takes one character for the other.
func similar(a, b rune) bool {
	for group := range strings.FieldsSeq(similarCharacters) {
		if strings.ContainsRune(group, a) && strings.ContainsRune(group, b) {
			return true
		}
	}
	return false
}

// skeleton brings characters of domain names that look alike to one form.
func skeleton(domain string) string {
	return strings.NewReplacer("0", "o", "1", "l", "i", "l", "|", "l", "5", "s", "2", "z", "8", "b", "9", "g", "q", "g", "rn", "m", "vv", "w", "-", "").
		Replace(domain)
}

func ascii(text string) bool {
	for _, r := range text {
		if r > unicode.MaxASCII {
			return false
		}
	}
	return true
}

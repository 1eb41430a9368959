package standard

// Region is a division of the first level (省级行政区), or what takes its place in numbers.
type Region struct {
	// Code are the first two digits of its codes in GB/T 2260.
	Code string
	// Province is its code in the vocabulary, e.g. HN; "" for those outside the mainland.
	Province string
	// Name is its short Chinese name.
	Name string
}

// regions are the divisions of the first level of GB/T 2260. Counties are left out: they come and go every year, while numbers keep
// the code of the day on which they were given. 83 is no division: the residence permits of residents of Taiwan have it (公安部,
// 港澳台居民居住证, 2018).
var regions = [...]Region{
	{"11", "BJ", "北京"}, {"12", "TJ", "天津"}, {"13", "HE", "河北"}, {"14", "SX", "山西"}, {"15", "NM", "内蒙古"},
	{"21", "LN", "辽宁"}, {"22", "JL", "吉林"}, {"23", "HL", "黑龙江"},
	{"31", "SH", "上海"}, {"32", "JS", "江苏"}, {"33", "ZJ", "浙江"}, {"34", "AH", "安徽"}, {"35", "FJ", "福建"}, {"36", "JX", "江西"},
	{"37", "SD", "山东"},
	{"41", "HA", "河南"}, {"42", "HB", "湖北"}, {"43", "HN", "湖南"}, {"44", "GD", "广东"}, {"45", "GX", "广西"}, {"46", "HI", "海南"},
	{"50", "CQ", "重庆"}, {"51", "SC", "四川"}, {"52", "GZ", "贵州"}, {"53", "YN", "云南"}, {"54", "XZ", "西藏"},
	{"61", "SN", "陕西"}, {"62", "GS", "甘肃"}, {"63", "QH", "青海"}, {"64", "NX", "宁夏"}, {"65", "XJ", "新疆"},
	{"71", "", "台湾"}, {"81", "", "香港"}, {"82", "", "澳门"}, {"83", "", "台湾"},
}

// RegionOf returns the region of a code that begins with its two digits; false where there is none.
func RegionOf(code string) (Region, bool) {
	for _, r := range regions {
		if len(code) >= 2 && code[:2] == r.Code {
			return r, true
		}
	}
	return Region{}, false
}

package templates

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/filing"
)

//go:embed questions.yaml
var questionsYAML []byte

// Question is how a fact is asked for and shown (提问).
type Question struct {
	// Name stands in a table, Ask is the question, Hint may help with it.
	Name filing.Text `yaml:"name"`
	Ask  filing.Text `yaml:"ask"`
	Hint filing.Text `yaml:"hint"`
	// Options are the values of an enumeration, in the order in which they are offered.
	Options []Choice `yaml:"-"`
}

type questionFile struct {
	Choices   map[string]yaml.Node `yaml:"choices"`
	Questions map[string]struct {
		Question `yaml:",inline"`
		Choices  string    `yaml:"choices"`
		Given    yaml.Node `yaml:"options"`
	} `yaml:"questions"`
}

// loadQuestions reads the embedded file once; a mistake in it is found by the tests.
var loadQuestions = sync.OnceValues(func() (map[string]Question, error) {
	var file questionFile
	decoder := yaml.NewDecoder(bytes.NewReader(questionsYAML))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	questions := make(map[string]Question, len(file.Questions))
	for path, given := range file.Questions {
		q, node := given.Question, given.Given
		if given.Choices != "" {
			shared, ok := file.Choices[given.Choices]
			if !ok {
				return nil, fmt.Errorf("question %s: there are no choices %q", path, given.Choices)
			}
			node = shared
		}
		for i := 0; i+1 < len(node.Content); i += 2 { // a mapping, in the file's order
			var name filing.Text
			if err := node.Content[i+1].Decode(&name); err != nil {
				return nil, fmt.Errorf("question %s: %w", path, err)
			}
			q.Options = append(q.Options, Choice{Value: node.Content[i].Value, Name: name})
		}
		questions[path] = q
	}
	return questions, nil
})

var listIndex = regexp.MustCompile(`\[\d+\]`)

// QuestionOf returns how the fact, or list, of a path is asked for; indexes in the path do not matter.
func QuestionOf(path string) (Question, bool) {
	questions, err := loadQuestions()
	if err != nil {
		return Question{}, false
	}
	q, ok := questions[listIndex.ReplaceAllString(path, "[]")]
	return q, ok
}

// Which says which item of a list a path is about, as people count: 第 1 个网站. Empty where it is about none.
func Which(path string) filing.Text {
	var out filing.Text
	names := []filing.Text{{ZH: "网站", EN: "site"}, {ZH: "域名", EN: "domain"}}
	for i, index := range listIndex.FindAllString(path, len(names)) {
		n, err := strconv.Atoi(index[1 : len(index)-1])
		if err != nil {
			return filing.Text{}
		}
		if out.ZH != "" {
			out.ZH, out.EN = out.ZH+"，", out.EN+", "
		}
		out.ZH += fmt.Sprintf("第 %d 个%s", n+1, names[i].ZH)
		out.EN += fmt.Sprintf("%s %d", names[i].EN, n+1)
	}
	return out
}

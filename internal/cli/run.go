package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
	"malmoi/internal/llm"
)

// runCmd is a chat in the terminal. With a prompt, or with input from a pipe,
// it answers once and ends.
type runCmd struct {
	Name        string  `arg:"" optional:"" name:"model" help:"Model: an installed name, a GGUF file or a folder."`
	Prompt      string  `arg:"" optional:"" help:"Answer this and end."`
	System      string  `help:"System prompt." placeholder:"TEXT"`
	Temperature float32 `help:"0 is greedy." default:"0.7"`
	TopP        float32 `help:"Keep the likeliest tokens up to this share." default:"0.9"`
	MaxTokens   int     `help:"Longest answer; 0: as long as the context allows." default:"2048"`
	Seed        uint64  `help:"Same seed, same answer; 0 picks one." default:"0"`
	Threads     int     `help:"Worker threads." placeholder:"N"`
	Context     int     `help:"Tokens per conversation." placeholder:"N"`
}

// terminalChat is one conversation.
type terminalChat struct {
	cmd      *runCmd
	env      *Env
	model    *llm.Model
	messages []chat.Message
	turns    uint64
}

func (c *runCmd) Run(ctx context.Context, env *Env, g *globals) error {
	flags := modelFlags{Model: c.Name, Threads: c.Threads, Context: c.Context, Quant: "auto"}
	m, err := flags.open(g)
	if err != nil {
		return err
	}
	defer m.Close()
	t := &terminalChat{cmd: c, env: env, model: m}
	if c.Seed == 0 {
		c.Seed = uint64(env.Now().UnixNano())
	}
	t.reset()
	piped := !isTerminal(env.Stdin)
	if c.Prompt != "" || piped {
		return t.once(ctx, piped)
	}
	return t.loop(ctx)
}

func (t *terminalChat) reset() {
	t.messages = nil
	if t.cmd.System != "" {
		t.messages = append(t.messages, chat.Message{Role: "system", Content: t.cmd.System})
	}
}

// once answers the prompt together with what a pipe delivers.
func (t *terminalChat) once(ctx context.Context, piped bool) error {
	text := t.cmd.Prompt
	if piped {
		data, err := readAll(t.env.Stdin)
		if err != nil {
			return err
		}
		text = strings.TrimSpace(text + "\n\n" + string(data))
	}
	if text == "" {
		return withHint(errors.New("nothing to answer"), "give a PROMPT or text on stdin")
	}
	return t.answer(ctx, text)
}

const terminalHelp = `  """        begin and end a message of several lines
  /new       forget the conversation
  /bye       end (Ctrl-D too); Ctrl-C stops an answer
`

// loop reads messages until the input ends. Ctrl-C stops the answer that is
// being written; at the prompt it ends the program.
func (t *terminalChat) loop(ctx context.Context) error {
	out := t.env.Stdout
	fmt.Fprintf(out, "%s. 종료하려면 /bye, 도움말은 /help\n", t.model.Info().Name)
	in := bufio.NewReaderSize(t.env.Stdin, 1<<20)
	for {
		fmt.Fprint(out, "\n> ")
		text, err := readMessage(in, out)
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(out)
			return nil
		}
		if err != nil {
			return err
		}
		switch strings.TrimSpace(text) {
		case "":
		case "/bye", "/exit":
			return nil
		case "/new":
			t.reset()
			fmt.Fprintln(out, "새 대화를 시작합니다.")
		case "/help":
			fmt.Fprint(out, terminalHelp)
		default:
			if err := t.answer(ctx, text); err != nil && !errors.Is(err, context.Canceled) {
				report(t.env.Stderr, err)
			}
		}
	}
}

// readMessage reads one line, or several between lines of three quotes.
func readMessage(in *bufio.Reader, out io.Writer) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	first, fenced := strings.CutPrefix(strings.TrimSpace(line), `"""`)
	if !fenced {
		return line, nil
	}
	text := first
	for {
		fmt.Fprint(out, "… ")
		line, err := in.ReadString('\n')
		if end, ok := strings.CutSuffix(strings.TrimRight(line, "\r\n"), `"""`); ok {
			return text + "\n" + end, nil
		}
		if err != nil {
			return text, err
		}
		text += "\n" + strings.TrimRight(line, "\r\n")
	}
}

// answer streams the reply to text. A reply that is stopped stays in the
// conversation as far as it came.
func (t *terminalChat) answer(ctx context.Context, text string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	t.turns++
	t.messages = append(t.messages, chat.Message{Role: "user", Content: strings.TrimRight(text, "\r\n")})
	s, err := t.model.Chat(ctx, llm.ChatRequest{
		Messages: t.messages,
		Params: llm.Params{
			MaxTokens: t.cmd.MaxTokens,
			Sampling:  sample.Params{Temperature: t.cmd.Temperature, TopP: t.cmd.TopP, Seed: t.cmd.Seed + t.turns},
		},
	})
	if err != nil {
		t.messages = t.messages[:len(t.messages)-1]
		return err
	}
	defer s.Close()
	var reply strings.Builder
	for {
		e, err := s.Next(ctx)
		if err != nil {
			fmt.Fprintln(t.env.Stdout)
			t.messages = append(t.messages, chat.Message{Role: "assistant", Content: reply.String()})
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		fmt.Fprint(t.env.Stdout, e.Reasoning, e.Content)
		reply.WriteString(e.Content)
	}
}

// isTerminal reports whether r is a terminal's input.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

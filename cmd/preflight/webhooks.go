package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/storage"
)

type webhooksCommand struct {
	List   webhooksListCommand   `cmd:"" help:"All receivers and how they fare."`
	Add    webhooksAddCommand    `cmd:"" help:"Register a receiver, and print its secret, once."`
	Pause  webhooksPauseCommand  `cmd:"" help:"Tell a receiver nothing more for now."`
	Resume webhooksResumeCommand `cmd:"" help:"Switch a receiver on again: what waits is tried at once."`
	Rotate webhooksRotateCommand `cmd:"" help:"Make a new secret, and print it, once; the old one holds for a day more."`
	Remove webhooksRemoveCommand `cmd:"" help:"Forget a receiver with all its messages."`
	Dead   webhooksDeadCommand   `cmd:"" help:"The messages to a receiver that were given up."`
	Resend webhooksResendCommand `cmd:"" help:"Try messages anew that were given up."`
}

// receiverFlags are the settings of all of them.
type receiverFlags struct {
	judgingFlags
	JSON bool `name:"json" help:"JSON on standard output."`
}

// with opens the records and hands them to do.
func (f *receiverFlags) with(ctx context.Context, std streams, do func(flow *pipeline.Pipeline) error) (err error) {
	sets, err := loadSets(f.RuleSets)
	if err != nil {
		return err
	}
	flow, done, err := f.open(ctx, std, sets, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	err = do(flow)
	var request *pipeline.RequestError
	switch {
	case errors.As(err, &request):
		return usageError("%s: %s", request.Field, strings.Join(append([]string{request.Problem.EN}, request.Allowed...), " "))
	case errors.Is(err, pipeline.ErrNotFound):
		return usageError("there is no such receiver: see preflight webhooks list")
	}
	return err
}

// print shows a receiver.
func (f *receiverFlags) print(out io.Writer, w *pipeline.Webhook) error {
	if f.JSON {
		return printJSON(out, w)
	}
	_, err := fmt.Fprintf(out, "%s  %-7s %6d waiting %6d dead  %s  %s\n", w.ID, w.State, w.Pending, w.Dead, w.URL, strings.Join(w.Events, ","))
	if err == nil && w.LastFailure != "" && w.Failures > 0 {
		_, err = fmt.Fprintf(out, "    failed %d times in a row: %s\n", w.Failures, w.LastFailure)
	}
	if err == nil && w.Secret != "" {
		_, err = fmt.Fprintf(out, "secret, shown this once: %s\n", w.Secret)
	}
	return err
}

type webhooksListCommand struct{ receiverFlags }

func (webhooksListCommand) Example() string { return "  preflight webhooks list\n" }

// Run lists the receivers.
func (c *webhooksListCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(flow *pipeline.Pipeline) error {
		list, err := flow.Webhooks(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, list)
		}
		for i := range list {
			if err := c.print(std.out, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

type webhooksAddCommand struct {
	receiverFlags
	webhookFlags
	URL         string   `arg:"" help:"Where messages are sent: https."`
	Events      []string `help:"What it is told: filing.verdict_changed, revalidation.finished. Default: both." placeholder:"TYPE"`
	Description string   `help:"For people." placeholder:"TEXT"`
}

func (webhooksAddCommand) Example() string {
	return "  preflight webhooks add https://receiver.example/preflight\n" +
		"  preflight webhooks add http://10.1.2.3:8000/hooks --webhook-allow 10.1.0.0/16    # the service needs the same setting\n"
}

// Run registers a receiver.
func (c *webhooksAddCommand) Run(ctx context.Context, std streams) error {
	sender, err := c.sender()
	if err != nil {
		return err
	}
	defer sender.Close()
	return c.with(ctx, std, func(flow *pipeline.Pipeline) error {
		flow.Sender = sender
		w, err := flow.CreateWebhook(ctx, pipeline.Viewer{Name: "command line", All: true},
			pipeline.WebhookRequest{URL: &c.URL, Description: &c.Description, Events: c.Events})
		if err != nil {
			return err
		}
		return c.print(std.out, w)
	})
}

// receiverArg names one receiver.
type receiverArg struct {
	receiverFlags
	ID string `arg:"" help:"The receiver's id."`
}

// show does something with a receiver and prints what it is then.
func (c *receiverArg) show(ctx context.Context, std streams, do func(*pipeline.Pipeline) (*pipeline.Webhook, error)) error {
	return c.with(ctx, std, func(flow *pipeline.Pipeline) error {
		w, err := do(flow)
		if err != nil {
			return err
		}
		return c.print(std.out, w)
	})
}

func (c *receiverArg) become(ctx context.Context, std streams, state string) error {
	return c.show(ctx, std, func(flow *pipeline.Pipeline) (*pipeline.Webhook, error) {
		return flow.UpdateWebhook(ctx, c.ID, pipeline.WebhookRequest{State: &state})
	})
}

type webhooksPauseCommand struct{ receiverArg }

func (webhooksPauseCommand) Example() string {
	return "  preflight webhooks pause 01976a3c-5f0e-7c3a-9d5f-000000000000\n"
}

// Run switches a receiver off.
func (c *webhooksPauseCommand) Run(ctx context.Context, std streams) error {
	return c.become(ctx, std, storage.WebhookPaused)
}

type webhooksResumeCommand struct{ receiverArg }

func (webhooksResumeCommand) Example() string {
	return "  preflight webhooks resume 01976a3c-5f0e-7c3a-9d5f-000000000000\n"
}

// Run switches a receiver on.
func (c *webhooksResumeCommand) Run(ctx context.Context, std streams) error {
	return c.become(ctx, std, storage.WebhookActive)
}

type webhooksRotateCommand struct{ receiverArg }

func (webhooksRotateCommand) Example() string {
	return "  preflight webhooks rotate 01976a3c-5f0e-7c3a-9d5f-000000000000\n"
}

// Run makes a new secret.
func (c *webhooksRotateCommand) Run(ctx context.Context, std streams) error {
	return c.show(ctx, std, func(flow *pipeline.Pipeline) (*pipeline.Webhook, error) { return flow.RotateWebhook(ctx, c.ID) })
}

type webhooksRemoveCommand struct{ receiverArg }

func (webhooksRemoveCommand) Example() string {
	return "  preflight webhooks remove 01976a3c-5f0e-7c3a-9d5f-000000000000\n"
}

// Run forgets a receiver.
func (c *webhooksRemoveCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(flow *pipeline.Pipeline) error { return flow.DeleteWebhook(ctx, c.ID) })
}

type webhooksDeadCommand struct{ receiverArg }

func (webhooksDeadCommand) Example() string {
	return "  preflight webhooks dead 01976a3c-5f0e-7c3a-9d5f-000000000000\n"
}

// Run lists dead messages, all of them, a page at a time.
func (c *webhooksDeadCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(flow *pipeline.Pipeline) error {
		const page = 500
		w := bufio.NewWriter(std.out)
		for after, more := int64(0), true; more; more = after > 0 {
			list, next, err := flow.WebhookMessages(ctx, c.ID, storage.MessageDead, after, page)
			if err != nil {
				return err
			}
			for i := range list {
				m := &list[i]
				if c.JSON {
					err = printJSON(w, m)
				} else {
					_, err = fmt.Fprintf(w, "%s  %s  %s  %d attempts, %s %d\n", m.ID, m.Type, m.Topic, m.Attempts, m.Failure, m.Status)
				}
				if err != nil {
					return err
				}
			}
			after = next
		}
		return flush(w)
	})
}

type webhooksResendCommand struct {
	receiverArg
	Messages []string `arg:"" optional:"" help:"Ids of messages; default all that were given up."`
}

func (webhooksResendCommand) Example() string {
	return "  preflight webhooks resend 01976a3c-5f0e-7c3a-9d5f-000000000000\n"
}

// Run lets dead messages be tried anew.
func (c *webhooksResendCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(flow *pipeline.Pipeline) error {
		n, err := flow.ResendMessages(ctx, c.ID, c.Messages)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.out, "%d messages are tried anew\n", n)
		return err
	})
}

package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/preflight-icp/preflight/pipeline"
)

// WebhookPath is the part of a path that names a receiver.
type WebhookPath struct {
	ID string `path:"id" maxLength:"64" doc:"The webhook's id"`
}

type webhookOutput struct{ Body *pipeline.Webhook }

const webhooksDescription = "Messages are signed as Standard Webhooks (standardwebhooks.com) has it: verify webhook-signature " +
	"with the secret, refuse a webhook-timestamp of more than 5 minutes ago, and take a webhook-id that came before for the same message. " +
	"Answer 2xx within 15 seconds. Anything else is tried again, 12 times within three days; messages about one filing come in their order."

func (s *Server) routeWebhooks() {
	const tag = "webhooks 网络回调"
	type updateBody struct {
		URL         *string  `json:"url,omitempty" maxLength:"1000" doc:"Where messages are sent: https" example:"https://receiver.example/preflight"`
		Description *string  `json:"description,omitempty" maxLength:"200"`
		Events      []string `json:"events,omitempty" maxItems:"10" doc:"What it is told; default everything"`
		State       *string  `json:"state,omitempty" enum:"active,paused" doc:"active again: what waits is tried at once"`
	}
	type createBody struct {
		URL         string   `json:"url" maxLength:"1000" doc:"Where messages are sent: https" example:"https://receiver.example/preflight"`
		Description *string  `json:"description,omitempty" maxLength:"200"`
		Events      []string `json:"events,omitempty" maxItems:"10" doc:"What it is told; default everything"`
	}

	type created struct {
		Location string `header:"Location"`
		Body     *pipeline.Webhook
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "create-webhook", Method: http.MethodPost, Path: "/v1/webhooks", DefaultStatus: http.StatusCreated,
		Summary: "Register a receiver 登记回调接收方", Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Description: "It is told of each filing that a revalidation changes (filing.verdict_changed) and of its end " +
			"(revalidation.finished); dry runs tell nothing. The answer shows its secret, whsec_..., this once. " + webhooksDescription,
	}, func(ctx context.Context, in *struct{ Body createBody }) (*created, error) {
		w, err := s.flow.CreateWebhook(ctx, viewerOf(ctx), pipeline.WebhookRequest{URL: &in.Body.URL, Description: in.Body.Description, Events: in.Body.Events})
		if err != nil {
			return nil, s.failed(ctx, "create-webhook", err)
		}
		return &created{Location: "/v1/webhooks/" + w.ID, Body: w}, nil
	})

	type list struct {
		Body struct {
			Webhooks []pipeline.Webhook `json:"webhooks"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "list-webhooks", Method: http.MethodGet, Path: "/v1/webhooks", Summary: "Receivers 回调接收方", Tags: []string{tag},
	}, func(ctx context.Context, _ *struct{}) (*list, error) {
		all, err := s.flow.Webhooks(ctx)
		if err != nil {
			return nil, s.failed(ctx, "list-webhooks", err)
		}
		own := principalOf(ctx).Organization
		all = slices.DeleteFunc(all, func(w pipeline.Webhook) bool { return w.Organization != own })
		out := &list{}
		out.Body.Webhooks = all
		return out, nil
	})

	one := func(operation, method, path, summary, description string, do func(ctx context.Context, id string) (*pipeline.Webhook, error)) {
		huma.Register(s.api, huma.Operation{
			OperationID: operation, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{tag},
		}, func(ctx context.Context, in *WebhookPath) (*webhookOutput, error) {
			w, err := do(ctx, in.ID)
			if err != nil {
				return nil, s.failed(ctx, operation, err)
			}
			return &webhookOutput{w}, nil
		})
	}
	one("get-webhook", http.MethodGet, "/v1/webhooks/{id}", "A receiver and how it fares 接收方状态",
		"With how many messages wait for it and how many were given up.", s.flow.Webhook)
	one("rotate-webhook", http.MethodPost, "/v1/webhooks/{id}/rotate", "Make a new secret 更换密钥",
		"The answer shows it, this once. For a day messages carry the signatures of both, so that the receiver can be changed meanwhile.", s.flow.RotateWebhook)

	huma.Register(s.api, huma.Operation{
		OperationID: "update-webhook", Method: http.MethodPatch, Path: "/v1/webhooks/{id}", Summary: "Change, pause or switch on 修改或启停",
		Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Description: "A receiver that has failed for five days, or has answered 410, is switched off (state failed) until it is made active again.",
	}, func(ctx context.Context, in *struct {
		WebhookPath
		Body updateBody
	}) (*webhookOutput, error) {
		w, err := s.flow.UpdateWebhook(ctx, in.ID, pipeline.WebhookRequest(in.Body))
		if err != nil {
			return nil, s.failed(ctx, "update-webhook", err)
		}
		return &webhookOutput{w}, nil
	})

	huma.Register(s.api, huma.Operation{
		OperationID: "delete-webhook", Method: http.MethodDelete, Path: "/v1/webhooks/{id}", DefaultStatus: http.StatusNoContent,
		Summary: "Forget a receiver 删除", Description: "With all its messages, those that wait too.", Tags: []string{tag},
	}, func(ctx context.Context, in *WebhookPath) (*struct{}, error) {
		if err := s.flow.DeleteWebhook(ctx, in.ID); err != nil {
			return nil, s.failed(ctx, "delete-webhook", err)
		}
		return nil, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "test-webhook", Method: http.MethodPost, Path: "/v1/webhooks/{id}/test", DefaultStatus: http.StatusAccepted,
		Summary: "Send it a message that says nothing 发送测试消息", Tags: []string{tag},
		Description: "webhook.test, in line with the others. What became of it is in its messages.",
	}, func(ctx context.Context, in *WebhookPath) (*struct{}, error) {
		err := s.flow.TestWebhook(ctx, in.ID)
		if errors.Is(err, pipeline.ErrConflict) {
			err = newProblem("webhook_off")
		}
		if err != nil {
			return nil, s.failed(ctx, "test-webhook", err)
		}
		return nil, nil
	})

	type messages struct {
		Body struct {
			Messages []pipeline.WebhookMessage `json:"messages"`
			Next     string                    `json:"next,omitempty" doc:"Where to go on: send it as after"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "list-webhook-messages", Method: http.MethodGet, Path: "/v1/webhooks/{id}/messages", Tags: []string{tag},
		Summary:     "What it was told, or will be 消息列表",
		Description: "state=dead lists what was given up. Delivered messages can be read for 14 days, dead ones for 92.",
	}, func(ctx context.Context, in *struct {
		WebhookPath
		State string `query:"state" enum:"pending,delivered,dead"`
		After string `query:"after" maxLength:"20" doc:"Go on after this message: next of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}) (*messages, error) {
		after := int64(0)
		if in.After != "" {
			n, err := strconv.ParseInt(in.After, 10, 64)
			if err != nil {
				return nil, newProblem("invalid_request").withField("after", "应为上一页的 next", "not the next of a page")
			}
			after = n
		}
		all, next, err := s.flow.WebhookMessages(ctx, in.ID, in.State, after, in.Limit)
		if err != nil {
			return nil, s.failed(ctx, "list-webhook-messages", err)
		}
		out := &messages{}
		out.Body.Messages = all
		if next > 0 {
			out.Body.Next = strconv.FormatInt(next, 10)
		}
		return out, nil
	})

	type resent struct {
		Body struct {
			Resent int64 `json:"resent" doc:"Messages that are tried anew"`
		}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "resend-webhook-messages", Method: http.MethodPost, Path: "/v1/webhooks/{id}/resend", Tags: []string{tag}, MaxBodyBytes: s.cfg.MaxJSON,
		Summary:     "Try dead messages anew 重新发送",
		Description: "Those that are named, or all. They keep their ids; what was said about the same filing later has been delivered before them.",
	}, func(ctx context.Context, in *struct {
		WebhookPath
		Body *struct {
			Messages []string `json:"messages,omitempty" maxItems:"1000" doc:"Ids; default all"`
		} `required:"false"`
	}) (*resent, error) {
		var ids []string
		if in.Body != nil {
			ids = in.Body.Messages
		}
		n, err := s.flow.ResendMessages(ctx, in.ID, ids)
		if err != nil {
			return nil, s.failed(ctx, "resend-webhook-messages", err)
		}
		out := &resent{}
		out.Body.Resent = n
		return out, nil
	})
}

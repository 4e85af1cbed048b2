package otelagentcopy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// The attributes that HTTP has no convention for.
const (
	providerKey  = attribute.Key("agentcopy.provider")
	operationKey = attribute.Key("agentcopy.operation")
	outcomeKey   = attribute.Key("agentcopy.outcome")
	attemptKey   = attribute.Key("agentcopy.attempt")       // the number of the attempt
	attemptsKey  = attribute.Key("agentcopy.attempts")      // how many a call made
	reasonKey    = attribute.Key("agentcopy.wait.reason")   // limiter, pause or backoff
	expectedKey  = attribute.Key("agentcopy.wait.expected") // in seconds
)

func callAttributes(c agentcopy.CallInfo) []attribute.KeyValue {
	return []attribute.KeyValue{providerKey.String(c.Provider), operationKey.String(c.Operation)}
}

// requestAttributes are known before a request is sent.
func requestAttributes(a agentcopy.AttemptInfo) []attribute.KeyValue {
	attrs := append(callAttributes(a.Call), semconv.HTTPRequestMethodKey.String(a.Method))
	if host, port, err := net.SplitHostPort(a.Server); err == nil {
		attrs = append(attrs, semconv.ServerAddress(host))
		if number, err := strconv.Atoi(port); err == nil {
			attrs = append(attrs, semconv.ServerPort(number))
		}
	}
	return attrs
}

// answerAttributes say how an attempt ended. failed is its error.type, "" for none.
func answerAttributes(a agentcopy.Attempt) (attrs []attribute.KeyValue, failed string) {
	if a.StatusCode != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(a.StatusCode))
	}
	switch {
	case a.StatusCode >= http.StatusMultipleChoices:
		failed = strconv.Itoa(a.StatusCode)
	case a.Err != nil:
		failed = errorType(a.Err)
	}
	if failed != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(failed))
	}
	return attrs, failed
}

// callErrorType is why a call failed: its context, or what its last attempt met. The
// status of the error itself may be that of an earlier attempt.
func callErrorType(err error) string {
	class := errorType(err)
	if e, ok := errors.AsType[*agentcopy.Error](err); ok && len(e.Attempts) > 0 && class != "canceled" && class != "timeout" {
		if _, failed := answerAttributes(e.Attempts[len(e.Attempts)-1]); failed != "" {
			return failed
		}
	}
	return class
}

// errorType sorts err into one of a few classes. It never quotes it.
func errorType(err error) string {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	_, isNet := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), isDNS && dns.IsTimeout:
		return "timeout"
	case errors.Is(err, agentcopy.ErrRateLimited):
		return "paused"
	case isDNS:
		return "dns"
	case isNet, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection"
	}
	return "_OTHER"
}

// outcomeAttributes say "success", or what became of the copy that a call failed to make.
// A read that failed has no outcome.
func outcomeAttributes(c agentcopy.CallInfo, failed bool, o agentcopy.Outcome) []attribute.KeyValue {
	switch {
	case !failed:
		return []attribute.KeyValue{outcomeKey.String("success")}
	case c.Copies:
		return []attribute.KeyValue{outcomeKey.String(strings.ReplaceAll(o.String(), " ", "_"))}
	}
	return nil
}

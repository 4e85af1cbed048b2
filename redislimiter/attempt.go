package redislimiter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"
)

// attempt is a command under way. A client need not return when its context
// ends, and what is cut off may have been done; so each run has a goroutine of
// its own, which sees to the end of it.
type attempt struct {
	store   *store
	command command

	mu    sync.Mutex
	over  bool // nobody waits for an answer any more
	doubt bool // a run was cut off
}

type outcome struct {
	reply []any
	err   error
}

// errNoAnswer: a run was cut off, since it took too long.
var errNoAnswer = errors.New("no answer")

// once runs the command, and waits for its answer for as long as ctx and
// answerTime allow.
func (a *attempt) once(ctx context.Context) ([]any, error) {
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	done := make(chan outcome, 1)
	go func() {
		defer cancel()
		c := a.command
		reply, err := c.script.Run(lasting, a.store.rdb(), c.keys, c.args...).Slice()
		done <- outcome{reply, err}
		if err == nil {
			a.undoLate()
		}
	}()
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		o.err = contextError(ctx)
	case <-lasting.Done():
		select {
		case o = <-done: // answered: it is the goroutine that is done with lasting
		default:
			o.err = fmt.Errorf("%w within %v", errNoAnswer, answerTime)
		}
	}
	if o.err != nil {
		a.inDoubt()
	}
	return o.reply, o.err
}

func (a *attempt) inDoubt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doubt = true
}

// giveUp ends the command without an answer, and takes back what it may have
// done.
func (a *attempt) giveUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	if a.doubt && a.command.undo != nil {
		go a.command.undo()
	}
}

// undoLate takes back what a run did that was answered too late.
func (a *attempt) undoLate() {
	a.mu.Lock()
	late := a.over
	a.mu.Unlock()
	if late && a.command.undo != nil {
		a.command.undo()
	}
}

// passes reports whether the fault is one that goes by itself: of the network,
// or of a server that starts or hands over.
func passes(err error) bool {
	if errors.Is(err, redis.ErrClosed) {
		return false
	}
	if _, replied := errors.AsType[redis.Error](err); !replied {
		return true
	}
	return redis.IsLoadingError(err) || redis.IsReadOnlyError(err) || redis.IsClusterDownError(err) ||
		redis.IsTryAgainError(err) || redis.IsMasterDownError(err) || redis.IsMaxClientsError(err) ||
		redis.HasErrorPrefix(err, "NOREPLICAS") || redis.HasErrorPrefix(err, "BUSY")
}

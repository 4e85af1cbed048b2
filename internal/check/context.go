package check

import (
	"context"
	"errors"
	"fmt"
)

// ContextError is why ctx ended: an error that is ctx.Err() and, where the one that
// ended it gave another cause, that cause too. It is nil while ctx has not ended.
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case err == nil:
		return nil
	case cause == nil || cause == err:
		return err
	case errors.Is(cause, err):
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

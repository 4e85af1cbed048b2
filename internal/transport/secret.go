package transport

import "errors"

// maskError returns err, or if its text holds a secret, an error with the
// secret masked that still matches what err matches.
func maskError(mask func(string) string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := mask(text); clean != text {
		return maskedError{clean, func() error { return err }}
	}
	return err
}

// maskedError stands for an error whose text must not be printed. It has no
// Unwrap, which would hand that error out.
type maskedError struct {
	text     string
	original func() error
}

func (e maskedError) Error() string        { return e.text }
func (e maskedError) Is(target error) bool { return errors.Is(e.original(), target) }

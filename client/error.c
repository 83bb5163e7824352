#include "weir/error.h"

enum weir_rc
weir_vfail(struct weir_err *err, enum weir_rc rc, const char *fmt, va_list ap)
{
	if (err) {
		err->rc = rc;
		err->hint[0] = '\0';
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
	}
	return rc;
}

enum weir_rc
weir_fail(struct weir_err *err, enum weir_rc rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	weir_vfail(err, rc, fmt, ap);
	va_end(ap);
	return rc;
}

enum weir_rc
weir_hint(struct weir_err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return WEIR_EFAIL;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return err->rc;
}

enum weir_rc
weir_prefix(struct weir_err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	size_t n;
	va_list ap;

	if (!err)
		return WEIR_EFAIL;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", old);
	return err->rc;
}

int
weir_exit_status(enum weir_rc rc)
{
	static const unsigned char status[WEIR_N_RC] = {
		[WEIR_OK] = 0,
		[WEIR_EFAIL] = 1,
		[WEIR_EUSAGE] = 2,
		[WEIR_ECONFIG] = 2,
		[WEIR_ENOSERVER] = 2,
		[WEIR_ENOTFOUND] = 1,
		[WEIR_EAMBIGUOUS] = 1,
		[WEIR_EREFUSED] = 1,
		[WEIR_EAUTH] = 4,
		[WEIR_ENET] = 5,
		[WEIR_EDB] = 1,
		[WEIR_ENEWER] = 1,
		[WEIR_EBUSY] = 1,
		[WEIR_ETOOBIG] = 1,
		[WEIR_EBADDATA] = 1,
		[WEIR_EPENDING] = 8,
		[WEIR_ERUNFAILED] = 3,
		[WEIR_EDIFFERS] = 1,
		[WEIR_EINTR] = 130,
	};

	return (unsigned)rc < WEIR_N_RC ? status[rc] : 1;
}

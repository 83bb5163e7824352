#include "weir/id.h"

#include <sys/random.h>
#include <unistd.h>

#include "weir/mem.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Read hex digits into nibbles; returns their count, or -1 for other bytes or too many.
 */
static int
read_nibbles(struct str text, uint8_t nibbles[32])
{
	int n = 0;
	int d;

	for (size_t i = 0; i < text.len; i++) {
		if (text.s[i] == '-')
			continue;
		d = hex_digit(text.s[i]);
		if (d < 0 || n == 32)
			return -1;
		nibbles[n++] = (uint8_t)d;
	}
	return n;
}

static struct weir_id
pack(const uint8_t nibbles[32])
{
	struct weir_id id;

	for (int i = 0; i < 16; i++)
		id.b[i] = (uint8_t)(nibbles[2 * i] << 4 | nibbles[2 * i + 1]);
	return id;
}

bool
weir_id_parse(struct str text, struct weir_id *ret_id)
{
	uint8_t nibbles[32];

	if (read_nibbles(text, nibbles) != 32)
		return false;
	*ret_id = pack(nibbles);
	return true;
}

bool
weir_id_parse_prefix(struct str text, struct weir_id *ret_low, struct weir_id *ret_high)
{
	uint8_t nibbles[32];
	int n = read_nibbles(text, nibbles);

	if (n < 1)
		return false;
	memset(nibbles + n, 0, (size_t)(32 - n));
	*ret_low = pack(nibbles);
	memset(nibbles + n, 15, (size_t)(32 - n));
	*ret_high = pack(nibbles);
	return true;
}

char *
weir_id_format(const struct weir_id *id, char out[WEIR_ID_TEXT + 1])
{
	static const char hex[] = "0123456789abcdef";
	char *p = out;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[id->b[i] >> 4];
		*p++ = hex[id->b[i] & 15];
	}
	*p = '\0';
	return out;
}

bool
weir_id_is_null(const struct weir_id *id)
{
	static const struct weir_id zero;

	return weir_id_cmp(id, &zero) == 0;
}

int
weir_id_cmp(const struct weir_id *a, const struct weir_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

struct weir_id
weir_id_random(void)
{
	struct weir_id id;
	int rc = getentropy(id.b, sizeof(id.b));

	BUG_ON(rc != 0);
	(void)rc;
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x40);
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

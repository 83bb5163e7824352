/*
 * Which process something belongs to, and whether it still lives: its number alone says
 * nothing once it is used again, so host, boot, name space and start time go with it.
 */
#ifndef WEIR_CLIENT_OWNER_H
#define WEIR_CLIENT_OWNER_H

char *owner_self(void);   /* owned */
char *owner_of(long pid); /* of a process of this machine; owned */

enum owner_life {
	OWNER_GONE,
	OWNER_LIVES,
	OWNER_SELF,
	OWNER_ELSEWHERE, /* of another machine or name space: cannot be told */
};
enum owner_life owner_life(const char *owner);

#endif

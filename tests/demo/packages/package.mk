# How a package of the demo is built. Its Makefile says NAME, OBJS, and what else it needs;
# config.mk is what configure found.
include config.mk

LIB = lib$(NAME).$(if $(SHARED),so,a)
CFLAGS += -std=c11 -Wall -Wextra $(if $(SHARED),-fPIC)

all: $(NAME)
lib$(NAME).a: $(OBJS)
	$(AR) rcs $@ $(OBJS)
lib$(NAME).so: $(OBJS)
	$(CC) $(LDFLAGS) -shared -o $@ $(OBJS)
$(NAME): main.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ main.o $(LIB) $(LIBS)
tests: test.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ test.o $(LIB) $(LIBS)
%.o: %.c
	$(CC) $(CFLAGS) -c -o $@ $<
check: all tests
	LD_LIBRARY_PATH=. ./tests
.PHONY: all check

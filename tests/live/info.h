/*
 * What the files of the guest program share. The Rust side of `struct info` is in
 * tests/tests/live_guest/layout.rs.
 */
#include <stdint.h>

#define PAGE 4096ul
#define SETS 8
#define TOUCH_MAX 256
#define SIGNAL_LOG 32

/* The same structures, once for each way to read them: a page can be missing only once. */
struct set {
	uint64_t base;       /* first of PAGES pages */
	uint64_t words[8];   /* addresses of eight words, on eight pages */
	uint64_t chain;      /* struct node */
	uint64_t title;      /* a string over two pages */
	uint64_t buffer;     /* 16 pages */
	uint64_t account;    /* struct account */
	uint64_t text;       /* a string over three pages, its end on a fourth */
};

struct signal_entry {
	uint64_t address, error_code, rip;
};

struct info {
	uint64_t size;                  /* of this structure */
	uint64_t heartbeat;             /* counts up while the program spins, or waits */
	uint64_t mismatches;            /* registers that the loop found changed */
	uint64_t registers[16];         /* what the loop keeps in them; see `spin` for the order */
	uint64_t spin_start, spin_end;  /* the loop */
	uint64_t touch_start;           /* the stub that touches the pages in `touch` */
	uint64_t touch_wait, touch_end; /* where it waits when done */
	uint64_t fatal;                 /* an instruction that is the end of the program */
	uint64_t worker;                /* which one this is */
	uint64_t arguments, arguments_size; /* a worker's, which it swaps out */
	uint64_t swap_out;              /* not 0: a worker that makes system calls is to do so again */
	uint64_t touch[TOUCH_MAX];      /* addresses; the stub clears those that it could read */
	uint64_t signals;               /* SIGSEGVs met, and the first of them */
	struct signal_entry signal[SIGNAL_LOG];
	struct set set[SETS];
};

extern struct info info;

/* loops.c */
void spin(void) __attribute__((noreturn));
void make_calls(void);
extern char spin_start, spin_end, touch_start, touch_load, touch_next, touch_wait, touch_end, fatal;

/*
 * The guest program of the live guest test: process 1 of a Debian kernel, and the only one unless
 * the kernel's command line says `workers=spinning` or `workers=calling`; see `start_workers`.
 *
 * It lays out linked structures over pages that are absent in five ways, says READY on the serial
 * line, and then spins with known values in its registers, counting each one that changed. The test
 * looks at it from outside, and is told all that it needs by `struct info`, at the address in the
 * READY line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "info.h"

struct node {
	uint64_t next, value;
};

struct account {
	uint64_t owner, id;
};

struct owner {
	uint64_t name, uid;
};

enum kind {
	FILE_MAPPED, /* a file in memory: a minor fault */
	SWAPPED,     /* anonymous, on the swap device */
	ON_DISK,     /* a block device, not in the page cache: the fault sleeps for it */
	UNTOUCHED,   /* anonymous, never touched: zeroes */
	HOLE,        /* nothing */
};

/* Which page is what. Neighbours differ, so that every read over several pages meets several kinds. */
#define F FILE_MAPPED
#define S SWAPPED
#define D ON_DISK
#define U UNTOUCHED
static const enum kind kinds[] = {
	/*  0: the words; nodes, strings and records share these pages */ F, S, D, U, F, S, D, HOLE,
	/*  8: the buffer */ F, S, D, U, F, S, D, U, F, S, D, U, F, S, D, U,
	/* 24: three nodes of the chain */ F, D, U,
	/* 27: the account's owner, and the owner's name */ S, D,
	/* 29: the text, and the page whose first byte ends it */ F, S, D, U,
};
#undef F
#undef S
#undef D
#undef U
#define PAGES (sizeof kinds / sizeof *kinds)

#define TITLE_LENGTH 250
#define NAME_LENGTH 40
#define TEXT_LENGTH (2048 + 2 * PAGE)

struct info info __attribute__((aligned(4096)));

static void say(const char *format, ...)
{
	char line[256];
	va_list list;

	va_start(list, format);
	int length = vsnprintf(line, sizeof line, format, list);
	va_end(list);
	if (write(1, line, length) != length)
		_exit(2);
}

/* The end of process 1 is the end of the kernel, and with it of the emulator. */
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			say("FAILED line %d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
			_exit(1); \
		} \
	} while (0)

/* The content of the word at an address, wherever nothing else is: a hash of that address. */
static uint64_t pattern(uint64_t address)
{
	uint64_t hash = address + 0x9e3779b97f4a7c15;

	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
	return hash ^ hash >> 31;
}

static void load_module(const char *name, const char *arguments)
{
	char path[64];

	snprintf(path, sizeof path, "/modules/%s.ko", name);
	int file = open(path, O_RDONLY);
	CHECK(file >= 0);
	CHECK(syscall(SYS_finit_module, file, arguments, 0) == 0);
	close(file);
}

static void write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	CHECK(file >= 0);
	CHECK(write(file, text, strlen(text)) == (ssize_t)strlen(text));
	close(file);
}

/* A swap device on a RAM disk of 4 MB. Its header is what mkswap writes. */
static void add_swap(void)
{
	static union {
		struct {
			char boot_block[1024];
			uint32_t version, last_page, bad_pages;
		};
		struct {
			char rest[PAGE - 10];
			char magic[10];
		};
	} header = { { .version = 1, .last_page = 4096 * 1024 / PAGE - 1 } };

	load_module("brd", "rd_nr=1 rd_size=4096");
	memcpy(header.magic, "SWAPSPACE2", 10);
	int disk = open("/dev/ram0", O_WRONLY);
	CHECK(disk >= 0);
	CHECK(write(disk, &header, PAGE) == PAGE);
	CHECK(fsync(disk) == 0);
	close(disk);
	CHECK(swapon("/dev/ram0", 0) == 0);
}

static void set_up_system(void)
{
	mkdir("/sys", 0755);
	mkdir("/proc", 0755);
	CHECK(mount("none", "/dev", "devtmpfs", 0, NULL) == 0);
	/* The kernel found no console in the initramfs. */
	int console = open("/dev/console", O_RDWR);
	for (int descriptor = 0; descriptor < 3; descriptor++)
		dup2(console, descriptor);
	CHECK(mount("none", "/sys", "sysfs", 0, NULL) == 0);
	CHECK(mount("none", "/proc", "proc", 0, NULL) == 0);
	CHECK(mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) == 0);

	/* One fault brings one page in, not its neighbours too. */
	write_file("/sys/kernel/debug/fault_around_bytes", "4096");
	write_file("/proc/sys/vm/page-cluster", "0");

	add_swap();
	static const char *const modules[] = { "virtio_ring", "virtio", "virtio_pci_modern_dev",
		"virtio_pci_legacy_dev", "virtio_pci", "virtio_blk" };
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
		load_module(modules[i], "");
}

static void put_string(char *to, uint64_t address, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = 'a' + pattern(address + i) % 26;
	to[length] = 0;
}

/* Writes to `image` what the pages at `base` shall hold, and to `set` where it is. */
static void compose(struct set *set, char *image, uint64_t base)
{
#define AT(page, offset) (base + (page) * PAGE + (offset))
#define IN_IMAGE(address) ((void *)(image + ((address) - base)))
	for (uint64_t address = base; address < base + PAGES * PAGE; address += 8)
		*(uint64_t *)IN_IMAGE(address) = pattern(address);

	set->base = base;
	for (int i = 0; i < 8; i++)
		set->words[i] = AT(i, 0x800 + 8 * i);
	set->buffer = AT(8, 0);

	/* The last node is on an untouched page: no next one. Their values are the pattern. */
	uint64_t nodes[] = { AT(24, 0x20), AT(1, 0x200), AT(25, 0x20), AT(26, 0x20) };
	for (int i = 0; i < 3; i++)
		((struct node *)IN_IMAGE(nodes[i]))->next = nodes[i + 1];
	set->chain = nodes[0];

	uint64_t owner = AT(27, 0x40), name = AT(28, 0x80);
	set->account = AT(4, 0x40);
	((struct account *)IN_IMAGE(set->account))->owner = owner;
	((struct owner *)IN_IMAGE(owner))->name = name;
	put_string(IN_IMAGE(name), name, NAME_LENGTH);

	set->title = AT(5, PAGE - 100);
	put_string(IN_IMAGE(set->title), set->title, TITLE_LENGTH);
	set->text = AT(29, 0x800);
	put_string(IN_IMAGE(set->text), set->text, TEXT_LENGTH);
#undef AT
#undef IN_IMAGE
}

static uint64_t page_map(uint64_t address)
{
	static int file = -1;
	uint64_t entry = 0;

	if (file < 0)
		file = open("/proc/self/pagemap", O_RDONLY);
	CHECK(pread(file, &entry, 8, address / PAGE * 8) == 8);
	return entry;
}

static int is_present(uint64_t address)
{
	return page_map(address) >> 63 & 1;
}

static int is_swapped(uint64_t address)
{
	return page_map(address) >> 62 & 1;
}

static void swap_out(uint64_t address)
{
	for (int attempt = 0; attempt < 100 && !is_swapped(address); attempt++) {
		CHECK(madvise((void *)address, PAGE, MADV_PAGEOUT) == 0);
		if (attempt > 0)
			usleep(10000);
	}
	CHECK(is_swapped(address));
}

static void lay_out(void)
{
	static char image[SETS][PAGES * PAGE];
	uint64_t base[SETS];
	int file = open("/file", O_RDWR | O_CREAT, 0600), disk = open("/dev/vda", O_RDWR);

	CHECK(file >= 0);
	CHECK(disk >= 0);

	/* The content, in the files. */
	for (int i = 0; i < SETS; i++) {
		/* A gap on either side: nothing can grow or merge into the set. */
		char *range = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(range != MAP_FAILED);
		base[i] = (uint64_t)range + PAGE;
		compose(&info.set[i], image[i], base[i]);
	}
	CHECK(pwrite(file, image, sizeof image, 0) == sizeof image);
	CHECK(pwrite(disk, image, sizeof image, 0) == sizeof image);

	/* The last to close a block device empties its cache. */
	CHECK(fsync(disk) == 0);
	close(disk);
	disk = open("/dev/vda", O_RDONLY);
	CHECK(disk >= 0);

	/* The pages. */
	for (int i = 0; i < SETS; i++) {
		for (size_t page = 0; page < PAGES; page++) {
			void *at = (void *)(base[i] + page * PAGE);
			off_t offset = &image[i][page * PAGE] - &image[0][0];
			unsigned char cached;

			switch (kinds[page]) {
			case FILE_MAPPED:
				CHECK(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, offset) == at);
				break;
			case SWAPPED:
				CHECK(mmap(at, PAGE, PROT_READ | PROT_WRITE,
				           MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == at);
				CHECK(madvise(at, PAGE, MADV_NOHUGEPAGE) == 0);
				memcpy(at, &image[i][page * PAGE], PAGE);
				break;
			case ON_DISK:
				CHECK(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, disk, offset) == at);
				CHECK(madvise(at, PAGE, MADV_RANDOM) == 0);
				CHECK(mincore(at, PAGE, &cached) == 0);
				CHECK(!(cached & 1));
				break;
			case UNTOUCHED:
				CHECK(mmap(at, PAGE, PROT_READ | PROT_WRITE,
				           MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == at);
				CHECK(madvise(at, PAGE, MADV_NOHUGEPAGE) == 0);
				break;
			case HOLE:
				CHECK(munmap(at, PAGE) == 0);
				break;
			}
		}
	}
	for (int i = 0; i < SETS; i++) {
		for (size_t page = 0; page < PAGES; page++) {
			if (kinds[page] == SWAPPED)
				swap_out(base[i] + page * PAGE);
		}
	}
	for (int i = 0; i < SETS; i++) {
		for (size_t page = 0; page < PAGES; page++)
			CHECK(!is_present(base[i] + page * PAGE));
	}
}

static void on_segmentation_fault(int signal, siginfo_t *details, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	if (info.signals < SIGNAL_LOG) {
		info.signal[info.signals] = (struct signal_entry){
			.address = (uint64_t)details->si_addr,
			.error_code = registers[REG_ERR],
			.rip = registers[REG_RIP],
		};
	}
	__atomic_add_fetch(&info.signals, 1, __ATOMIC_RELEASE);
	if (registers[REG_RIP] == (greg_t)&touch_load)
		registers[REG_RIP] = (greg_t)&touch_next;
}

static void handle_signals(void)
{
	static char stack[64 * 1024];
	stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_sigaction = on_segmentation_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	memset(stack, 1, sizeof stack); /* present from now on */
	CHECK(sigaltstack(&alternative, NULL) == 0);
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
}

static void become_ready(void)
{
	info.size = sizeof info;
	info.spin_start = (uint64_t)&spin_start;
	info.spin_end = (uint64_t)&spin_end;
	info.touch_start = (uint64_t)&touch_start;
	info.touch_wait = (uint64_t)&touch_wait;
	info.touch_end = (uint64_t)&touch_end;
	info.fatal = (uint64_t)&fatal;
	for (int i = 0; i < 16; i++)
		info.registers[i] = 0x0101010101010101 * (i + 0x11);
}

/* The symbols that a tool needs. Process 1 may know them. */
static void say_symbols(void)
{
	static const char *const wanted[] = { "_text", "init_task", "entry_SYSCALL_64", "pcpu_hot",
		"current_task", "__bad_area_nosemaphore", "__start_BTF", "__stop_BTF" };
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[512], name[256];
	unsigned long address;

	CHECK(symbols);
	while (fgets(line, sizeof line, symbols)) {
		if (sscanf(line, "%lx %*c %255s", &address, name) != 2)
			continue;
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			if (strcmp(name, wanted[i]) == 0)
				say("SYMBOL %s %#lx\n", name, address);
		}
	}
	fclose(symbols);
}

/*
 * Processes for a tool that lists them: this program again, under other names, each with arguments
 * over several pages. Each swaps these pages out, and spins as process 1 does. Where workers are
 * "calling", they make system calls instead, and swap the pages out again whenever they are told to.
 */
#define WORKERS 4
#define ARGUMENTS 8
/* Where a worker says that it is ready. */
#define WORKER_PIPE 100

static size_t argument_length(int worker, int argument)
{
	return 2400 + 300 * worker + 17 * argument;
}

static void start_workers(const char *kind)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	for (int worker = 0; worker < WORKERS; worker++) {
		char path[] = "/worker-0", *arguments[ARGUMENTS + 2] = { path }, *environment[] = { NULL, NULL };

		if (strcmp(kind, "calling") == 0)
			environment[0] = "calling=yes";
		path[sizeof path - 2] += worker;
		CHECK(link("/init", path) == 0);
		for (int i = 0; i < ARGUMENTS; i++) {
			size_t length = argument_length(worker, i);

			arguments[i + 1] = malloc(length + 1);
			CHECK(arguments[i + 1]);
			put_string(arguments[i + 1], worker * 1000000 + i * 10000, length);
		}
		int process = fork();
		CHECK(process >= 0);
		if (process == 0) {
			CHECK(dup2(ends[1], WORKER_PIPE) == WORKER_PIPE);
			execve(path, arguments, environment);
			CHECK(!"execve");
		}
	}
	char answers[WORKERS];
	for (int worker = 0; worker < WORKERS; worker++)
		CHECK(read(ends[0], &answers[worker], 1) == 1);
}

static void be_worker(int count, char **arguments)
{
	const char *last = arguments[count - 1];
	int calling = getenv("calling") != NULL;
	/* The program's stack is on the first of the pages. */
	uint64_t first = ((uint64_t)arguments[0] + PAGE - 1) & -PAGE, end = (uint64_t)last + strlen(last);

	handle_signals();
	become_ready();
	info.worker = arguments[0][sizeof "/worker-" - 1] - '0';
	info.arguments = (uint64_t)arguments[0];
	info.arguments_size = end + 1 - info.arguments;
	for (int time = 0;; time++) {
		for (uint64_t page = first; page < end; page += PAGE)
			swap_out(page);
		if (time == 0)
			CHECK(write(WORKER_PIPE, "", 1) == 1);
		if (!calling)
			spin();
		__atomic_store_n(&info.swap_out, 0, __ATOMIC_RELEASE);
		make_calls();
	}
}

/* Process 1 says how each of the others ends. None does by itself. */
static void watch_workers(void)
{
	for (;;) {
		int status, process = wait(&status);

		if (process > 0)
			say("ENDED process %d, signal %d\n", process, WTERMSIG(status));
		else
			pause();
	}
}

int main(int count, char **arguments)
{
	if (strncmp(arguments[0], "/worker-", 8) == 0)
		be_worker(count, arguments);

	set_up_system();
	handle_signals();
	const char *workers = getenv("workers");
	if (workers) {
		say_symbols();
		start_workers(workers);
	} else {
		lay_out();
	}
	become_ready();
	say("READY %#lx\n", (unsigned long)&info);
	if (workers && strcmp(workers, "calling") == 0)
		watch_workers();
	spin();
}

/*
 * The loops of the guest's programs, in assembler: they know what each register holds.
 *
 * spin: keeps info.registers in the registers and compares them for ever. rdi holds the address of
 * `info`; the other fifteen are rax rbx rcx rdx rsi rbp rsp r8 .. r15, in this order.
 *
 * touch: a debugger that has stopped the program sets rip to touch_start, rdi to info.touch and rsi
 * to the number of addresses there. When the stub waits, it puts all registers back.
 *
 * make_calls: as spin, with a system call after every TURNS turns, which may not change any register
 * but the three that the processor itself takes. The program is in the kernel about as often as not,
 * and there in all that a call leads to: with interrupts off, in the scheduler, reading and writing
 * the program's memory. It returns when `info.swap_out` is set.
 */
#include <stddef.h>
#include <sys/syscall.h>

#include "info.h"

#define CALLS 8
#define TURNS 400

/* What is called, and its first argument. None of them needs or minds the others. */
static char buffer[1024], path[] = "/";
__attribute__((used)) static const struct {
	uint64_t number;
	const void *argument;
} call[CALLS] = {
	{ SYS_getpid, NULL },
	{ SYS_uname, buffer },
	{ SYS_sched_yield, NULL },
	{ SYS_sysinfo, buffer },
	{ SYS_times, buffer },
	{ SYS_chdir, path },
	{ SYS_brk, NULL },
	{ SYS_getppid, NULL },
};
__attribute__((used)) static uint64_t next_call, turns_left = 1;

asm(".pushsection .text\n"
    ".macro each_register action\n"
    "	.set index, 0\n"
    "	.irp register, rax, rbx, rcx, rdx, rsi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15\n"
    "	\\action \\register, (REGISTERS + 8 * index)\n"
    "	.set index, index + 1\n"
    "	.endr\n"
    ".endm\n"
    ".macro load register, offset\n"
    "	mov \\offset(%rdi), %\\register\n"
    ".endm\n"
    ".macro compare register, offset\n"
    "	cmp \\offset(%rdi), %\\register\n"
    "	jne 9f\n" /* the next label 9: a register has changed */
    ".endm\n"
    ".globl spin, spin_start, spin_end\n"
    "spin:\n"
    "	lea info(%rip), %rdi\n"
    "	mov %rsp, (REGISTERS + 8 * 6)(%rdi)\n"
    "spin_load:\n"
    "	each_register load\n"
    "spin_start:\n"
    "	incq HEARTBEAT(%rdi)\n"
    "	each_register compare\n"
    "	jmp spin_start\n"
    "9:	incq MISMATCHES(%rdi)\n"
    "	jmp spin_load\n"
    "spin_end:\n"
    ".globl touch_start, touch_load, touch_next, touch_wait, touch_end\n"
    "touch_start:\n"
    "	test %rsi, %rsi\n"
    "	jz touch_all_done\n"
    "	mov (%rdi), %rax\n"
    "touch_load:\n"
    "	movzbl (%rax), %eax\n"
    "	movq $0, (%rdi)\n"
    "touch_next:\n" /* the handler of SIGSEGV goes on here */
    "	add $8, %rdi\n"
    "	dec %rsi\n"
    "	jmp touch_start\n"
    "touch_all_done:\n"
    "touch_wait:\n"
    "	incq info + HEARTBEAT(%rip)\n"
    "	jmp touch_wait\n"
    "touch_end:\n"
    ".globl make_calls\n"
    "make_calls:\n"
    "	.irp register, rbx, rbp, r12, r13, r14, r15\n"
    "	push %\\register\n"
    "	.endr\n"
    "	lea info(%rip), %rdi\n"
    "	mov %rsp, (REGISTERS + 8 * 6)(%rdi)\n"
    "calls_load:\n"
    "	each_register load\n"
    "calls_turn:\n"
    "	incq HEARTBEAT(%rdi)\n"
    "	each_register compare\n"
    "	decq turns_left(%rip)\n"
    "	jnz calls_turn\n"
    "	movq $TURNS, turns_left(%rip)\n"
    "	cmpq $0, SWAP_OUT(%rdi)\n"
    "	jne calls_end\n"
    "	mov next_call(%rip), %rcx\n"
    "	lea 1(%rcx), %rax\n"
    "	and $(CALLS - 1), %rax\n"
    "	mov %rax, next_call(%rip)\n"
    "	add %rcx, %rcx\n"
    "	mov call(, %rcx, 8), %rax\n"
    "	mov call + 8(, %rcx, 8), %rdi\n"
    "	syscall\n"
    "	lea info(%rip), %rdi\n"
    "	test %rax, %rax\n"
    "	js 9f\n" /* the call failed */
    "	load rax, (REGISTERS + 8 * 0)\n"
    "	load rcx, (REGISTERS + 8 * 2)\n"
    "	load r11, (REGISTERS + 8 * 10)\n"
    "	jmp calls_turn\n"
    "9:	incq MISMATCHES(%rdi)\n"
    "	jmp calls_load\n"
    "calls_end:\n"
    "	.irp register, r15, r14, r13, r12, rbp, rbx\n"
    "	pop %\\register\n"
    "	.endr\n"
    "	ret\n"
    ".globl fatal\n"
    "fatal:\n"
    "	ud2\n"
    ".popsection\n");

/* The numbers that the assembler needs. */
#define NUMBER(name, number) asm volatile(".globl " name "\n.set " name ", %c0" ::"i"(number))
#define OFFSET(name, field) NUMBER(name, offsetof(struct info, field))
__attribute__((used)) static void numbers(void)
{
	OFFSET("REGISTERS", registers);
	OFFSET("HEARTBEAT", heartbeat);
	OFFSET("MISMATCHES", mismatches);
	OFFSET("SWAP_OUT", swap_out);
	NUMBER("CALLS", CALLS);
	NUMBER("TURNS", TURNS);
}


; Leaving virtual-8086 mode: exceptions of every kind, stacks that are wrong, task gates and the return into the task.
; SDM 3B 20.2.5, 20.3.1, 2A INT n (INTERRUPT-FROM-VIRTUAL-8086-MODE), 3A 7.3, 7.4.
%include "lib/rom.inc"

V86_CS          equ ROM_BASE >> 4
STACK_SELECTOR  equ FREE

; ================ exceptions ================

%macro V86_FAULT 3-4  ; name, fault, code, error code
CHECK v86.exception_%2_by_%1, "SDM 3B 20.3.1.1"
    IN V86
    SET_FLAGS IF | IOPL(1)
    SET edx, 0
    SET ecx, 0
    PUT dword [DATA + 0x20], 0x00020001
CODE
    nop
    AT
    %3
    %if %0 > 3
EXPECT %2, %4
    %else
EXPECT %2
    %endif
%endmacro
V86_FAULT div, DE, {div cx}
V86_FAULT idiv, DE, {idiv ecx}
V86_FAULT aam_0, DE, {aam 0}
V86_FAULT bound, BR, {bound ax, [0x20]}
V86_FAULT ud2, UD, {ud2}
V86_FAULT lock, UD, {db 0xf0, 0x90}
V86_FAULT hlt, GP, {hlt}, 0
V86_FAULT limit, GP, {mov ax, [0xffff]}, 0
V86_FAULT stack_limit, SS, {mov ax, [ss:0xffff]}, 0

CHECK v86.exception_nm_by_ts, "SDM 3B 20.3.1.1"
    IN V86
    NEEDS FPU
    SET_CR0 CR0_TS
CODE
    fnop
EXPECT NM

CHECK v86.exception_ac, "SDM 3B 20.3.1.1, 3A 6.15"
    IN V86
    NEEDS I486
    SET_CR0 CR0_AM
    SET_FLAGS AC
CODE
    mov ax, [1]
EXPECT AC, 0

CHECK v86.without_eflags_ac_no_alignment_check, "SDM 3A 6.15"
    IN V86
    NEEDS I486
    SET_CR0 CR0_AM
    SET eax, 0
CODE
    mov ax, [1]
EXPECT END

CHECK v86.exception_through_an_absent_gate_is_np_with_ext, "SDM 3A 6.13"
    IN V86
    GATE 6, CS0, stray, INT_GATE32
CODE
    ud2
EXPECT NP, 6 * 8 + 3

; ================ the stack of ring 0 ================

; A fault in the delivery is delivered on the same wrong stack, but for a task gate: the task pops the error code from its
; own stack.
%macro V86_STACK 6  ; name, SS0, access byte of STACK_SELECTOR, its limit in bytes, vector, error code
CHECK v86.int_with_stack_%1, "SDM 2A INT n"
    IN V86
    SET_FLAGS IOPL(3)
    DESC STACK_SELECTOR, 0, %4, %3, BIG
    PUT word [TSS + TSS_SS0], %2
    GATE 40h, CS0, stray, PRESENT | DPL(3) | INT_GATE32
    GATE %5, TSS_A_SEL, 0, PRESENT | TASK_GATE
    START_TASK_A .task
CODE
    int 40h
    bits 32
.task:
EXPECT LANDED, .end
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_SAVED_TASK OFF16(.code), START_FLAGS | IOPL(3) | VM | RF
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
WANT_PUSHED dword, STACK0_CHECK, %6
; An exception: the same with EXT
CHECK v86.exception_with_stack_%1, "SDM 2A INT n, 3A 6.13"
    IN V86
    DESC STACK_SELECTOR, 0, %4, %3, BIG
    PUT word [TSS + TSS_SS0], %2
    GATE %5, TSS_A_SEL, 0, PRESENT | TASK_GATE
    START_TASK_A .task
CODE
    ud2
    bits 32
.task:
EXPECT LANDED, .end
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_SAVED_TASK OFF16(.code), START_FLAGS | VM | RF
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
WANT_PUSHED dword, STACK0_CHECK, (%6) | 1
%endmacro
DATA_0          equ PRESENT | DATA_RW | ACCESSED
V86_STACK null_is_ts, 0, DATA_0, 0xffff, VECTOR_TS, 0
V86_STACK null_with_rpl_is_ts, 3, DATA_0, 0xffff, VECTOR_TS, 0
V86_STACK beyond_the_gdt_is_ts, 0x400, DATA_0, 0xffff, VECTOR_TS, 0x400
V86_STACK rpl_1_is_ts, STACK_SELECTOR | 1, DATA_0, 0xffff, VECTOR_TS, STACK_SELECTOR
V86_STACK dpl_3_is_ts, STACK_SELECTOR, DATA_0 | DPL(3), 0xffff, VECTOR_TS, STACK_SELECTOR
V86_STACK read_only_is_ts, STACK_SELECTOR, PRESENT | DATA_R | ACCESSED, 0xffff, VECTOR_TS, STACK_SELECTOR
V86_STACK code_is_ts, STACK_SELECTOR, PRESENT | CODE_XR | ACCESSED, 0xffff, VECTOR_TS, STACK_SELECTOR
V86_STACK absent_is_ss, STACK_SELECTOR, DATA_RW | ACCESSED, 0xffff, VECTOR_SS, STACK_SELECTOR
V86_STACK limit_below_the_top_is_ss, STACK_SELECTOR, DATA_0, STACK0 - 2, VECTOR_SS, STACK_SELECTOR
; Expand-down: the limit is the last offset that is not valid. 36 bytes are needed, 35 are there.
V86_STACK room_for_35_bytes_is_ss, STACK_SELECTOR, PRESENT | DATA_DOWN_RW | ACCESSED, STACK0 - 36, VECTOR_SS, STACK_SELECTOR

CHECK v86.int_with_room_for_36_bytes, "SDM 2A INT n"
    IN V86
    SET_FLAGS IOPL(3)
    DESC STACK_SELECTOR, 0, STACK0 - 37, PRESENT | DATA_DOWN_RW | ACCESSED, BIG
    PUT word [TSS + TSS_SS0], STACK_SELECTOR
    GATE 40h, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int 40h
.return:
    bits 32
.handler:
    mov eax, DS0                    ; the capture needs more room
    mov ss, ax
EXPECT LANDED, .end
WANT eax, DS0
WANT cs, CS0
WANT ss, DS0
WANT ds, 0
WANT es, 0
WANT fs, 0
WANT gs, 0
WANT_FLAGS 0, VM
WANT_PUSHED dword, STACK0, WATCH_END >> 4, DATA2 >> 4, DATA >> 4, DATA >> 4, 0, STACK3, START_FLAGS | IOPL(3) | VM, V86_CS, OFF16(.return)

; An exception with an error code pushes 40 bytes.
CHECK v86.fault_with_room_for_39_bytes_is_ss, "SDM 2A INT n"
    IN V86
    DESC STACK_SELECTOR, 0, STACK0 - 40, PRESENT | DATA_DOWN_RW | ACCESSED, BIG
    PUT word [TSS + TSS_SS0], STACK_SELECTOR
    GATE VECTOR_SS, TSS_A_SEL, 0, PRESENT | TASK_GATE
    GATE VECTOR_DF, TSS_A_SEL, 0, PRESENT | TASK_GATE
    START_TASK_A .task
CODE
    hlt
    bits 32
.task:
EXPECT LANDED, .end
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_SAVED_TASK OFF16(.code), START_FLAGS | VM | RF
WANT_ANY TSS + TSS_EFLAGS + 2, 1    ; RF of the image of an abort
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
WANT_PUSHED dword, STACK0_CHECK, 0  ; #GP and then #SS: a double fault

; 16-bit gates push 18 bytes.
CHECK v86.int_with_room_for_17_bytes_is_ss_by_a_16_bit_gate, "SDM 2A INT n"
    IN V86
    SET_FLAGS IOPL(3)
    DESC STACK_SELECTOR, 0, STACK0 - 18, PRESENT | DATA_DOWN_RW | ACCESSED, BIG
    PUT word [TSS + TSS_SS0], STACK_SELECTOR
    GATE 40h, CODE16_0, OFF16(stray), PRESENT | DPL(3) | INT_GATE16
    GATE VECTOR_SS, TSS_A_SEL, 0, PRESENT | TASK_GATE
    START_TASK_A .task
CODE
    int 40h
    bits 32
.task:
EXPECT LANDED, .end
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_SAVED_TASK OFF16(.code), START_FLAGS | IOPL(3) | VM | RF
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
WANT_PUSHED dword, STACK0_CHECK, STACK_SELECTOR

; ================ tasks ================

%macro V86_TASK 4  ; name, IOPL, vector, code
CHECK v86.%1_through_a_task_gate, "SDM 3B 20.2.5, 20.3.1.3, 3A 7.3"
    IN V86
    SET_FLAGS IOPL(%2) | IF
    GATE %3, TSS_A_SEL, 0, PRESENT | DPL(3) | TASK_GATE
    START_TASK_A .task
CODE
    %4
.return:
    bits 32
.task:
EXPECT LANDED, .end
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_SAVED_TASK OFF16(.return), START_FLAGS | IOPL(%2) | IF | VM
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
CHECK v86.%1_through_a_task_gate_and_back, "SDM 3B 20.2.5, 2A IRET, 3A 7.4"
    IN V86
    SET_FLAGS IOPL(%2) | IF
    GATE %3, TSS_A_SEL, 0, PRESENT | DPL(3) | TASK_GATE
    START_TASK_A .task
CODE
    %4
.back:
    jmp .end
    bits 32
.task:
    inc dword [DATA]
    iretd
    bits 16
EXPECT END
WANT_MEMORY dword, DATA, 1
WANT_SAVED_TASK OFF16(.back), START_FLAGS | IOPL(%2) | IF | VM
WANT_ANY TSS_A, TSS_SIZE            ; the task's own state
WANT_ANY TSS, 4                     ; its link is not touched
WANT ldtr, 0                        ; as the TSS has it
    or dword [want + S_cr0], CR0_TS
%endmacro
V86_TASK int_n, 3, 40h, {int 40h}
V86_TASK int3, 0, 3, {int3}
V86_TASK into, 2, 4, {into}

CHECK v86.int_n_through_a_task_gate_needs_iopl_3, "SDM 3B 20.2.7"
    IN V86
    SET_FLAGS IOPL(2)
    GATE 40h, TSS_A_SEL, 0, PRESENT | DPL(3) | TASK_GATE
CODE
    int 40h
EXPECT GP, 0

CHECK v86.int_n_through_a_task_gate_of_dpl_0_is_gp, "SDM 2A INT n"
    IN V86
    SET_FLAGS IOPL(3)
    GATE 40h, TSS_A_SEL, 0, PRESENT | TASK_GATE
CODE
    int 40h
EXPECT GP, 0x40 * 8 + 2

; A new task whose EFLAGS image has VM is a virtual-8086 task (SDM 3B 20.2.5): its segments are loaded as there.
CHECK v86.entered_by_a_task_switch, "SDM 3B 20.2.5"
    IN PM32, 0
    START_TASK_A OFF16(.task)
    PUT dword [TSS_A + TSS_EFLAGS], 2 | VM | IOPL(1)
    PUT dword [TSS_A + TSS_CS], V86_CS
    PUT dword [TSS_A + TSS_SS], 0
    PUT dword [TSS_A + TSS_ESP], STACK3
    PUT dword [TSS_A + TSS_DS], 0x0807  ; beyond the tables, RPL 3
    PUT dword [TSS_A + TSS_ES], 0
    PUT dword [TSS_A + TSS_FS], DATA2 >> 4
    PUT dword [TSS_A + TSS_GS], 0x1234
    PUT dword [TSS_A + TSS_ESP0], STACK0
    PUT dword [TSS_A + TSS_SS0], DS0
    PUT dword [0x8070 + 0x10], 0x11223344
CODE
    jmp TSS_A_SEL:0
.return:
    bits 16
.task:
    mov eax, [0x10]
EXPECT LANDED, OFF16(.end)
WANT_IN_TASK_A
WANT_SAVED_TASK .return, START_FLAGS
WANT_TYPE TSS_SEL, PRESENT | TSS32_TYPE
WANT eflags, 2 | VM | IOPL(1)
WANT eax, 0x11223344
WANT cs, V86_CS
WANT ss, 0
WANT esp, STACK3
WANT ds, 0x807
WANT es, 0
WANT fs, DATA2 >> 4
WANT gs, 0x1234

CHECK v86.entered_by_a_task_switch_with_eip_beyond_the_limit_is_gp, "SDM 3A table 7-1"
    IN PM32, 0
    START_TASK_A 0x10000
    PUT dword [TSS_A + TSS_EFLAGS], 2 | VM
    PUT dword [TSS_A + TSS_CS], V86_CS
    PUT dword [TSS_A + TSS_SS], 0
    PUT dword [TSS_A + TSS_ESP], STACK3
    PUT dword [TSS_A + TSS_DS], 0
    PUT dword [TSS_A + TSS_ES], 0
    PUT dword [TSS_A + TSS_FS], 0
    PUT dword [TSS_A + TSS_GS], 0
    PUT dword [TSS_A + TSS_ESP0], STACK0
    PUT dword [TSS_A + TSS_SS0], DS0
CODE
    jmp TSS_A_SEL:0
.return:
EXPECT GP, 0
WANT_IN_TASK_A
WANT_SAVED_TASK .return, START_FLAGS
WANT_TYPE TSS_SEL, PRESENT | TSS32_TYPE
WANT eip, 0x10000
WANT eflags, 2 | VM | RF
WANT cs, V86_CS
WANT ss, 0
WANT esp, STACK3
WANT ds, 0
WANT es, 0
WANT fs, 0
WANT gs, 0

END_OF_CHECKS

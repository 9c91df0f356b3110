; A fault while an event is delivered: SDM 3A 6.15 (#DF, table 6-5), 6.13 (EXT), 6.5; and the shutdown after a third.
%include "lib/rom.inc"

V               equ 0x50
STACK_SELECTOR  equ FREE            ; a stack of ring 1 that is not present
SMALL_STACK     equ FREE + 8
ABSENT          equ FREE + 16       ; data of DPL 3, not present

; ---- the first exception: set-up and code of each ----
%macro FIRST_SETUP 1
    PAGING P32
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
    DESC ABSENT, 0, 0xfffff, DPL(3) | DATA_RW, BIG | PAGES_4K
    SET edx, 0
    SET ecx, 0
    SET esi, DATA
    %ifidni %1, SS
        DESC SMALL_STACK, 0, 0xffff, PRESENT | DPL(3) | DATA_RW | ACCESSED, BIG
        SET ss, SMALL_STACK | 3
        SET esp, 2
    %elifidni %1, TS
        GATE V, CS2, 0, PRESENT | DPL(3) | INT_GATE32
        PUT dword [TSS + TSS_SS2], 0
    %elifidni %1, NP
        SET eax, ABSENT | 3
    %elifidni %1, NM
        SET_CR0 CR0_TS
    %elifidni %1, AC
        NEEDS I486
        SET_CR0 CR0_AM
        SET_FLAGS AC
    %elifidni %1, BR
        PUT dword [DATA], 1
        PUT dword [DATA + 4], 2
        SET eax, 3
    %elifidni %1, MF
        NEEDS FPU
        SET_CR0 CR0_NE
        PUT word [DATA], 0x37b          ; division by zero unmasked
        fninit
        fldcw [DATA]
        fld1
        fldz
        fdivp st1, st0
    %elifidni %1, IRQ
        SET_FLAGS IF
        REQUEST_IRQ0
    %endif
%endmacro
%macro FIRST_CODE 1
    %ifidni %1, DE
        div ecx
    %elifidni %1, DB
        db 0xf1
    %elifidni %1, BR
        bound eax, [esi]
    %elifidni %1, UD
        ud2
    %elifidni %1, NM
        fnop
    %elifidni %1, TS
        int V
    %elifidni %1, NP
        mov es, ax
    %elifidni %1, SS
        push eax
    %elifidni %1, GP
        hlt
    %elifidni %1, PF
        mov eax, [WINDOW + 0x100]
    %elifidni %1, MF
        fwait
    %elifidni %1, AC
        mov eax, [esi + 1]
    %else
        nop
    %endif
%endmacro
VECTOR_IRQ      equ VECTOR_IRQ0

; ---- the second: what is wrong with the gate of the first ----
%macro SECOND_SETUP 2  ; vector, fault
    %ifidni %2, NP
        GATE %1, CS1, stray, INT_GATE32
    %elifidni %2, GP
        GATE %1, 0, stray, PRESENT | INT_GATE32
    %else
        GATE %1, CS1, stray, PRESENT | INT_GATE32
    %endif
    %ifidni %2, TS
        PUT dword [TSS + TSS_SS1], 0
    %elifidni %2, SS
        DESC STACK_SELECTOR, 0, 0xfffff, DPL(1) | DATA_RW, BIG | PAGES_4K
        PUT dword [TSS + TSS_SS1], STACK_SELECTOR | 1
    %elifidni %2, PF
        PUT dword [TSS + TSS_ESP1], WINDOW + 0x1000
    %endif
%endmacro
%macro WANT_SECOND 2  ; vector of the first, fault
    %ifidni %2, NP
EXPECT NP, (%1) * 8 + 3
    %elifidni %2, GP
EXPECT GP, 1
    %elifidni %2, TS
EXPECT TS, 1
    %elifidni %2, SS
EXPECT SS, STACK_SELECTOR + 1
    %else
EXPECT PF, 2
WANT cr2, WINDOW + 0xfe0
WANT_BITS cr2, 0xffffffe0           ; any byte of the frame
    %endif
%endmacro

; Table 6-5. %3: DF or SERIAL
%macro PAIR 3
CHECK double_fault.%1_then_%2_is_%3, "SDM 3A 6.15 table 6-5"
    FIRST_SETUP %1
    SECOND_SETUP VECTOR_%1, %2
CODE
    FIRST_CODE %1
    %ifidni %3, DF
EXPECT DF, 0
        %ifidni %2, PF
WANT cr2, WINDOW + 0xfe0            ; the second page fault's
WANT_BITS cr2, 0xffffffe0
        %elifidni %1, PF
WANT cr2, WINDOW + 0x100
        %endif
    %else
WANT_SECOND VECTOR_%1, %2
        %ifidni %1, IRQ
WANT_BITS eflags, ~RF               ; SDM 3B 17.3.1.1 speaks of faults of instructions only
        %endif
    %endif
%endmacro
%macro BENIGN 1
    PAIR %1, NP, SERIAL
    PAIR %1, GP, SERIAL
    PAIR %1, TS, SERIAL
    PAIR %1, SS, SERIAL
    PAIR %1, PF, SERIAL
%endmacro
%macro CONTRIBUTORY 1
    PAIR %1, NP, DF
    PAIR %1, GP, DF
    PAIR %1, TS, DF
    PAIR %1, SS, DF
    PAIR %1, PF, SERIAL
%endmacro
BENIGN DB
BENIGN BR
BENIGN UD
BENIGN NM
BENIGN MF
BENIGN AC
BENIGN IRQ
CONTRIBUTORY DE
CONTRIBUTORY TS
CONTRIBUTORY NP
CONTRIBUTORY SS
CONTRIBUTORY GP
PAIR PF, NP, DF
PAIR PF, GP, DF
PAIR PF, TS, DF
PAIR PF, SS, DF
PAIR PF, PF, DF

; A fault of INT n, INT3 or INTO is a first fault, not a second one, so the fault of its own gate is no double fault.
%macro SOFTWARE 3
CHECK double_fault.%1_then_np_is_the_first_fault, "SDM 3A 6.15, 2A INT n"
    GATE %2, CS0, stray, DPL(3) | INT_GATE32
    SET_FLAGS OF
CODE
    db %3
EXPECT NP, (%2) * 8 + 2
%endmacro
SOFTWARE int_8, 8, {0xcd, 8}
SOFTWARE int_13, 13, {0xcd, 13}
SOFTWARE int_14, 14, {0xcd, 14}
SOFTWARE into, 4, 0xce

; A benign fault, a contributory one while it is delivered, and a third while that is delivered: now #DF.
CHECK double_fault.ud_then_np_then_gp, "SDM 3A 6.15"
    GATE VECTOR_UD, CS0, stray, INT_GATE32
    GATE VECTOR_NP, 0, stray, PRESENT | INT_GATE32
CODE
    ud2
EXPECT DF, 0

; #AC at CPL 3 while a benign fault is delivered to a conforming handler on its own stack: table 6-5 has it in series.
CHECK double_fault.ac_in_the_delivery_of_ud, "SDM 3A 6.15 table 6-5"
    NEEDS I486
    DESC FREE, 0, 0xfffff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG | PAGES_4K
    GATE VECTOR_UD, FREE, .handler, PRESENT | INT_GATE32
    SET_CR0 CR0_AM
    SET_FLAGS AC
    SET esp, STACK3 - 2
CODE
    ud2
.handler:
    hlt
EXPECT AC, 0
WANT_BITS error, ~1                 ; SDM 3A 6.15 #AC: "error code (always zero)"; EXT would set bit 0

; ---- the frame of #DF through an interrupt gate ----
CHECK double_fault.frame_has_error_code_0, "SDM 3A 6.15"
    GATE VECTOR_GP, 0, 0, PRESENT | INT_GATE32
    GATE VECTOR_DF, CS0, .handler, PRESENT | INT_GATE32
    SET_FLAGS IF
CODE
    hlt
.handler:
EXPECT END
WANT cs, CS0
WANT ss, DS0
WANT_FLAGS 0, IF
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | IF, CS3 | 3, .code, 0
WANT_ANY STACK0 - 10, 1             ; RF in the image of an abort: the manual does not say

CHECK double_fault.from_v86, "SDM 3A 6.15"
    IN V86
    GATE VECTOR_GP, CS1, 0, PRESENT | INT_GATE32 ; not ring 0
CODE
    hlt
EXPECT DF, 0

; ---- shutdown ----
%macro SHUTDOWN 2-3
CHECK double_fault.shutdown_%1, "SDM 3A 6.15"
    GATE VECTOR_GP, 0, 0, PRESENT | INT_GATE32
    %2
    %if %0 > 2
    %3
    %endif
CODE
    hlt
EXPECT RESET
%endmacro
SHUTDOWN by_np_of_the_gate, {GATE VECTOR_DF, CS0, stray, INT_GATE32}
SHUTDOWN by_gp_of_the_gate_type, {GATE VECTOR_DF, CS0, stray, PRESENT | CALL_GATE32}
SHUTDOWN by_gp_of_a_null_cs, {GATE VECTOR_DF, 0, stray, PRESENT | INT_GATE32}
SHUTDOWN by_np_of_the_cs, {GATE VECTOR_DF, FREE, stray, PRESENT | INT_GATE32}, {DESC FREE, 0, 0xfffff, CODE_XR, BIG | PAGES_4K}
SHUTDOWN by_ts_of_the_stack, {GATE VECTOR_DF, CS1, stray, PRESENT | INT_GATE32}, {PUT dword [TSS + TSS_SS1], 0}
SHUTDOWN by_the_idt_limit, {SET idtlimit, VECTOR_DF * 8 + 6}
SHUTDOWN by_a_task_gate_to_a_busy_tss, {mov byte [GDT + TSS_DF_SEL + 5], PRESENT | TSS32_BUSY}
SHUTDOWN by_a_task_gate_to_no_tss, {mov dword [IDT + VECTOR_DF * 8], DS0 << 16}

CHECK double_fault.shutdown_by_a_page_fault, "SDM 3A 6.15"
    PAGING P32
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
    GATE VECTOR_GP, 0, 0, PRESENT | INT_GATE32
    GATE VECTOR_DF, CS1, stray, PRESENT | INT_GATE32
    PUT dword [TSS + TSS_ESP1], WINDOW + 0x1000
CODE
    hlt
EXPECT RESET

CHECK double_fault.shutdown_at_cpl_0_without_a_stack, "SDM 3A 6.15"
    IN PM32, 0
    DESC FREE, 0, 0xff, PRESENT | DATA_RW | ACCESSED, BIG
    GATE VECTOR_DF, CS0, stray, PRESENT | INT_GATE32
    SET eax, FREE
CODE
    mov ss, ax
    mov esp, 4
    ud2
EXPECT RESET

CHECK double_fault.shutdown_in_real_mode, "SDM 3A 6.15, 3B 20.1.4"
    IN REAL
CODE
    mov sp, 1
    ud2
EXPECT RESET

; ---- EXT in the faults of an external interrupt's stack switch ----
%macro EXTERNAL 4
CHECK double_fault.irq_%1, "SDM 3A 6.13"
    SET_FLAGS IF
    REQUEST_IRQ0
    GATE VECTOR_IRQ0, CS1, stray, PRESENT | INT_GATE32
    DESC FREE, 0, 0xfffff, %4, BIG | PAGES_4K
    PUT dword [TSS + TSS_SS1], %2
CODE
    nop
EXPECT %3, ((%2) & 0xfffc) + 1
WANT_BITS eflags, ~RF
%endmacro
EXTERNAL ss_of_another_ring, FREE | 2, TS, PRESENT | DPL(2) | DATA_RW
EXTERNAL ss_of_another_dpl, FREE | 1, TS, PRESENT | DPL(2) | DATA_RW
EXTERNAL ss_read_only, FREE | 1, TS, PRESENT | DPL(1) | DATA_R
EXTERNAL ss_beyond_the_gdt, GDT_LIMIT + 1 | 1, TS, 0
EXTERNAL ss_not_present, FREE | 1, SS, DPL(1) | DATA_RW

END_OF_CHECKS

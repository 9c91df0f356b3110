; Faults of task switches: those of the old task, and those of the state that is loaded: SDM 3A 7.3, table 7-1.
%include "lib/rom.inc"
%include "lib/paging.inc"

%define TSS_AVAILABLE (PRESENT | TSS32_TYPE)
%define TSS_BUSY (PRESENT | TSS32_BUSY)

; ================ before the switch: the old task is as it was ================

; The new TSS is descriptor FREE (and, in the LDT, TI + FREE's place)
%macro REFUSED 7-8 TSS_SIZE - 1  ; name, instruction, CPL, selector, access of FREE, vector, code[, limit]
CHECK task.%1_by_%2_from_cpl_%3, "SDM 2A CALL, JMP, 3A table 7-1"
    IN PM32, %3
    START_TASK_A .end
    DESC FREE, TSS_A, %8, %5
    DESC TI + 8, TSS_A, %8, %5
CODE
    %2 (%4):0
EXPECT %6, %7
%endmacro
%macro REFUSALS 1
    REFUSED busy_tss, %1, 0, FREE, TSS_BUSY, GP, FREE
    REFUSED busy_16_bit_tss, %1, 0, FREE, PRESENT | TSS16_BUSY, GP, FREE
    REFUSED own_tss, %1, 0, TSS_SEL, 0, GP, TSS_SEL
    REFUSED tss_in_the_ldt, %1, 0, TI + 8, TSS_AVAILABLE, GP, TI + 8
    REFUSED absent_tss, %1, 0, FREE, TSS32_TYPE, NP, FREE
    REFUSED absent_busy_tss, %1, 0, FREE, TSS32_BUSY, GP, FREE
    REFUSED tss_of_dpl_0, %1, 3, FREE, TSS_AVAILABLE, GP, FREE
    REFUSED tss_of_dpl_2, %1, 3, FREE, TSS_AVAILABLE | DPL(2), GP, FREE
    REFUSED tss_of_dpl_0, %1, 1, FREE, TSS_AVAILABLE, GP, FREE
    REFUSED tss_with_rpl_above_its_dpl, %1, 0, FREE + 3, TSS_AVAILABLE, GP, FREE
    REFUSED tss_with_rpl_3_of_dpl_2, %1, 2, FREE + 3, TSS_AVAILABLE | DPL(2), GP, FREE
    REFUSED tss_of_limit_0, %1, 0, FREE, TSS_AVAILABLE, TS, FREE, 0
    REFUSED tss_of_limit_66h, %1, 0, FREE, TSS_AVAILABLE, TS, FREE, 0x66
    REFUSED tss_of_limit_66h, %1, 3, FREE, TSS_AVAILABLE | DPL(3), TS, FREE, 0x66
    REFUSED 16_bit_tss_of_limit_2Ah, %1, 0, FREE, PRESENT | TSS16_TYPE, TS, FREE, 0x2a
    REFUSED absent_tss_of_limit_0, %1, 0, FREE, TSS32_TYPE, NP, FREE, 0
%endmacro
REFUSALS call
REFUSALS jmp

CHECK task.tss_of_limit_67h_is_enough, "SDM 3A table 7-1"
    IN PM32, 0
    START_TASK_A .in_task
    DESC TSS_A_SEL, TSS_A, 0x67, TSS_AVAILABLE
CODE
    jmp TSS_A_SEL:0
.next:
    nop
.in_task:
EXPECT END
WANT_IN_TASK_A
WANT_SAVED_TASK .next, START_FLAGS
WANT_TYPE TSS_SEL, TSS_AVAILABLE

; ---- through gates ----
%macro GATE_REFUSED 8  ; name, instruction, CPL, RPL, gate's access, selector in it, access of FREE + 8; outcome in %8: vector and code
CHECK task.gate_%1_by_%2_from_cpl_%3, "SDM 2A CALL, JMP"
    IN PM32, %3
    START_TASK_A .end
    DESC FREE + 8, TSS_A, TSS_SIZE - 1, %7
    DESC TI + 8, TSS_A, TSS_SIZE - 1, %7
    CALL_GATE FREE, %6, 0, %5
CODE
    %2 FREE + (%4):0
EXPECT %8
%endmacro
%define TASK_GATE_3 (PRESENT | DPL(3) | TASK_GATE)
%macro GATE_REFUSALS 1
    GATE_REFUSED of_dpl_0, %1, 3, 0, PRESENT | TASK_GATE, FREE + 8, TSS_AVAILABLE, {GP, FREE}
    GATE_REFUSED with_rpl_above_its_dpl, %1, 0, 1, PRESENT | TASK_GATE, FREE + 8, TSS_AVAILABLE, {GP, FREE}
    GATE_REFUSED absent, %1, 3, 0, DPL(3) | TASK_GATE, FREE + 8, TSS_AVAILABLE, {NP, FREE}
    GATE_REFUSED absent_of_dpl_0, %1, 3, 0, TASK_GATE, FREE + 8, TSS_AVAILABLE, {GP, FREE}
    GATE_REFUSED to_a_busy_tss, %1, 3, 3, TASK_GATE_3, FREE + 8, TSS_BUSY, {GP, FREE + 8}
    GATE_REFUSED to_an_absent_tss, %1, 3, 3, TASK_GATE_3, FREE + 8, TSS32_TYPE, {NP, FREE + 8}
    GATE_REFUSED to_a_tss_in_the_ldt, %1, 3, 3, TASK_GATE_3, TI + 8, TSS_AVAILABLE, {GP, TI + 8}
    GATE_REFUSED to_a_tss_beyond_the_gdt, %1, 3, 3, TASK_GATE_3, 0x400, TSS_AVAILABLE, {GP, 0x400}
    GATE_REFUSED to_data, %1, 3, 3, TASK_GATE_3, FREE + 8, PRESENT | DATA_RW, {GP, FREE + 8}
    GATE_REFUSED to_an_ldt, %1, 3, 3, TASK_GATE_3, FREE + 8, PRESENT | LDT_TYPE, {GP, FREE + 8}
    GATE_REFUSED to_a_gate, %1, 3, 3, TASK_GATE_3, FREE + 8, PRESENT | TASK_GATE, {GP, FREE + 8}
%endmacro
GATE_REFUSALS call
GATE_REFUSALS jmp

%macro INT_REFUSED 6-7 TSS_SIZE - 1  ; name, selector in the gate, access of FREE + 8, CPL, vector, code[, limit]
CHECK task.gate_%1_by_int_n_from_cpl_%4, "SDM 2A INT n"
    IN PM32, %4
    START_TASK_A .end
    DESC FREE + 8, TSS_A, %7, %3
    DESC TI + 8, TSS_A, %7, %3
    GATE 40h, %2, 0, TASK_GATE_3
CODE
    int 0x40
EXPECT %5, %6
%endmacro
INT_REFUSED to_a_busy_tss, FREE + 8, TSS_BUSY, 3, GP, FREE + 8
INT_REFUSED to_a_busy_tss, FREE + 8, TSS_BUSY, 0, GP, FREE + 8
INT_REFUSED to_an_absent_tss, FREE + 8, TSS32_TYPE, 3, NP, FREE + 8
INT_REFUSED to_a_tss_in_the_ldt, TI + 8, TSS_AVAILABLE, 3, GP, TI + 8
INT_REFUSED to_a_tss_beyond_the_gdt, 0x400, TSS_AVAILABLE, 3, GP, 0x400
INT_REFUSED to_data, FREE + 8, PRESENT | DATA_RW, 3, GP, FREE + 8
INT_REFUSED to_a_short_tss, FREE + 8, TSS_AVAILABLE, 3, TS, FREE + 8, 0x66
INT_REFUSED to_a_short_16_bit_tss, FREE + 8, PRESENT | TSS16_TYPE, 0, TS, FREE + 8, 0x2a

; ---- IRET with NT ----
%macro LINK_REFUSED 5-6 TSS_SIZE - 1  ; name, link, access of FREE, vector, code[, limit]
CHECK task.iret_to_%1, "SDM 2A IRET, 3A table 7-1"
    IN PM32, 0
    START_TASK_A .end
    DESC FREE, TSS_A, %6, %3
    DESC TI + 8, TSS_A, %6, %3
    PUT word [TSS + TSS_LINK], %2
    SET_FLAGS NT
CODE
    iretd
EXPECT %4, %5
%endmacro
LINK_REFUSED an_available_tss, FREE, TSS_AVAILABLE, TS, FREE
LINK_REFUSED an_available_16_bit_tss, FREE, PRESENT | TSS16_TYPE, TS, FREE
LINK_REFUSED a_tss_in_the_ldt, TI + 8, TSS_BUSY, TS, TI + 8
LINK_REFUSED a_tss_beyond_the_gdt, 0x400, TSS_BUSY, TS, 0x400
LINK_REFUSED nothing, 0, TSS_BUSY, TS, 0
LINK_REFUSED data, FREE, PRESENT | DATA_RW, TS, FREE
LINK_REFUSED an_ldt, FREE, PRESENT | LDT_TYPE, TS, FREE
LINK_REFUSED an_absent_tss, FREE, TSS32_BUSY, NP, FREE
LINK_REFUSED a_short_tss, FREE, TSS_BUSY, TS, FREE, 0x66

; ================ after the switch: in the new task ================
; TSS_A is entered by JMP, its state is wrong in one place. The handlers of #TS, #NP, #SS and #GP are the task TSS_B, because in TSS_A
; not every segment can be relied on. TSS_A as it is saved then is what was loaded; EFLAGS there may have RF.

%macro BAD_STATE 6  ; name, field, value, access of the descriptor FREE, vector, code
CHECK task.state_with_%1, "SDM 3A table 7-1"
    IN PM32, 0
    START_TASK_A .end
    call task_b_build
    PUT dword [TSS_B + TSS_EIP], .in_b
    GATE VECTOR_%5, TSS_B_SEL, 0, PRESENT | TASK_GATE
    PUT dword [TSS_A + %2], %3
    DECOYS %4
    DESC FREE, 0, 0xfffff, %4, BIG | PAGES_4K
CODE
    jmp TSS_A_SEL:0
.next:
    nop
.in_b:
    pop eax
EXPECT END
    WANT_IN_TASK_A                  ; the same registers in TSS_B
    WANT tr, TSS_B_SEL
    WANT_TYPE TSS_B_SEL, TSS_BUSY
    WANT_TYPE TSS_SEL, TSS_AVAILABLE
    WANT_SAVED_TASK .next, START_FLAGS
    WANT_MEMORY word, TSS_B + TSS_LINK, TSS_A_SEL
    WANT_FLAGS NT, 0
    WANT eax, %6
    WANT_MEMORY dword, STACK0_CHECK - 4, %6
    WANT_ANY TSS_A + TSS_EFLAGS + 2, 1
%endmacro

    CLOSE_CHECK
    %assign check_open 0
task_b_build:
    mov esi, TSS_A
    mov edi, TSS_B
    mov ecx, TSS_SIZE / 4
    rep movsd
    ret

; ---- LDTR: #TS whatever is wrong ----
BAD_STATE ldt_beyond_the_gdt, TSS_LDTR, 0x400, PRESENT | LDT_TYPE, TS, 0x400
BAD_STATE ldt_in_an_ldt, TSS_LDTR, TI + 8, PRESENT | LDT_TYPE, TS, TI + 8
BAD_STATE ldt_that_is_a_tss, TSS_LDTR, FREE, TSS_AVAILABLE, TS, FREE
BAD_STATE ldt_that_is_data, TSS_LDTR, FREE, PRESENT | DATA_RW, TS, FREE
BAD_STATE absent_ldt, TSS_LDTR, FREE, LDT_TYPE, TS, FREE

; ---- CS ----
BAD_STATE null_cs, TSS_CS, 0, PRESENT | CODE_XR, TS, 0
BAD_STATE cs_beyond_the_gdt, TSS_CS, 0x400, PRESENT | CODE_XR, TS, 0x400
BAD_STATE cs_in_no_ldt, TSS_CS, TI + 8, PRESENT | CODE_XR, TS, TI + 8
BAD_STATE cs_of_data, TSS_CS, FREE, PRESENT | DATA_RW, TS, FREE
BAD_STATE cs_of_a_gate, TSS_CS, FREE, PRESENT | CALL_GATE32, TS, FREE
BAD_STATE cs_of_dpl_3_with_rpl_0, TSS_CS, FREE, PRESENT | DPL(3) | CODE_XR, TS, FREE
; The SS of ring 0 would be wrong for CPL 3 as well; table 7-1 asks for CS's DPL and RPL (8) before SS (9, 11)
BAD_STATE cs_of_dpl_0_with_rpl_3, TSS_CS, FREE + 3, PRESENT | CODE_XR, TS, FREE
BAD_STATE conforming_cs_of_dpl_3_with_rpl_0, TSS_CS, FREE, PRESENT | DPL(3) | CODE_CONFORMING, TS, FREE
BAD_STATE absent_cs, TSS_CS, FREE, CODE_XR, NP, FREE

; ---- SS ----
BAD_STATE null_ss, TSS_SS, 0, PRESENT | DATA_RW, TS, 0
BAD_STATE ss_beyond_the_gdt, TSS_SS, 0x400, PRESENT | DATA_RW, TS, 0x400
BAD_STATE ss_in_no_ldt, TSS_SS, TI + 8, PRESENT | DATA_RW, TS, TI + 8
BAD_STATE ss_of_code, TSS_SS, FREE, PRESENT | CODE_XR, TS, FREE
BAD_STATE ss_read_only, TSS_SS, FREE, PRESENT | DATA_R, TS, FREE
BAD_STATE ss_of_dpl_3, TSS_SS, FREE, PRESENT | DPL(3) | DATA_RW, TS, FREE
BAD_STATE ss_of_rpl_3, TSS_SS, FREE + 3, PRESENT | DATA_RW, TS, FREE
BAD_STATE absent_ss, TSS_SS, FREE, DATA_RW, SS, FREE

; ---- DS, ES, FS, GS ----
%macro BAD_DATA 2
BAD_STATE %1_beyond_the_gdt, %2, 0x400, PRESENT | DATA_RW, TS, 0x400
BAD_STATE %1_in_no_ldt, %2, TI + 8, PRESENT | DATA_RW, TS, TI + 8
BAD_STATE %1_of_execute_only_code, %2, FREE, PRESENT | CODE_X, TS, FREE
BAD_STATE %1_of_a_tss, %2, FREE, TSS_AVAILABLE, TS, FREE
BAD_STATE %1_of_dpl_0_with_rpl_3, %2, FREE + 3, PRESENT | DATA_RW, TS, FREE
BAD_STATE absent_%1, %2, FREE, DATA_RW, NP, FREE
%endmacro
BAD_DATA ds, TSS_DS
BAD_DATA es, TSS_ES
BAD_DATA fs, TSS_FS
BAD_DATA gs, TSS_GS

; ---- EIP: found by the first fetch ----
CHECK task.state_with_eip_beyond_the_limit, "SDM 3A table 7-1"
    IN PM32, 0
    START_TASK_A 0x1000
    DESC FREE, 0xf0000, 0xfff, PRESENT | CODE_XR | ACCESSED, BIG
    PUT dword [TSS_A + TSS_CS], FREE
CODE
    jmp TSS_A_SEL:0
.next:
EXPECT GP, 0
WANT_IN_TASK_A
WANT eip, 0x1000
WANT cs, FREE
WANT_FLAGS RF, 0
WANT_TYPE TSS_SEL, TSS_AVAILABLE
WANT_SAVED_TASK .next, START_FLAGS

; ================ page faults of the switch itself: in the old task, which has not changed ================
; SDM 3A 7.3, step 5: both TSSs are checked to be there before the busy flags change. The TSS of the new task is at WINDOW.

%macro TSS_ABSENT 2  ; name, instruction
CHECK task.tss_in_an_absent_page_by_%1, "SDM 3A 7.3"
    IN PM32, 0
    PAGING P32
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, 0
    DESC FREE, WINDOW, TSS_SIZE - 1, TSS_AVAILABLE
    GATE 40h, FREE, 0, PRESENT | TASK_GATE
CODE
    %2
EXPECT PF, 0
WANT cr2, WINDOW
WANT_BITS cr2, 0xfffff000           ; which of its fields, and whether a write to it comes first, is not said
WANT_BITS error, ~PF_WRITE
%endmacro
TSS_ABSENT jmp, {jmp FREE:0}
TSS_ABSENT call, {call FREE:0}
TSS_ABSENT int_n, {int 0x40}

; CALL and INT write the link, JMP writes nothing to the new TSS
%macro TSS_READ_ONLY 2
CHECK task.tss_in_a_read_only_page_with_wp_by_%1, "SDM 3A 7.4"
    IN PM32, 0
    PAGING P32
    NEEDS I486
    SET_CR0 CR0_WP
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P | PTE_A
    START_TASK_A .end
    mov esi, TSS_A
    mov edi, DATA
    mov ecx, TSS_SIZE / 4
    rep movsd
    DESC FREE, WINDOW, TSS_SIZE - 1, TSS_AVAILABLE
    GATE 40h, FREE, 0, PRESENT | TASK_GATE
CODE
    %2
EXPECT PF, PF_PRESENT | PF_WRITE
WANT cr2, WINDOW
%endmacro
TSS_READ_ONLY call, {call FREE:0}
TSS_READ_ONLY int_n, {int 0x40}

CHECK task.own_tss_in_a_read_only_page_with_wp, "SDM 3A 7.3"
    IN PM32, 0
    PAGING P32
    NEEDS I486
    SET_CR0 CR0_WP
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P | PTE_A
    START_TASK_A .end
    mov esi, TSS
    mov edi, DATA
    mov ecx, TSS_SIZE / 4
    rep movsd
    DESC FREE, WINDOW, TSS_SIZE - 1, TSS_AVAILABLE
    mov eax, FREE
    ltr ax
CODE
    jmp TSS_A_SEL:0
EXPECT PF, PF_PRESENT | PF_WRITE
WANT cr2, WINDOW
WANT_BITS cr2, 0xfffff000           ; the first field that is saved

END_OF_CHECKS

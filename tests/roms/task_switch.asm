; Task switches by JMP, CALL and task gates: SDM 3A chapter 7, 2A JMP, CALL. IRET: iret_flags.asm; task gates in the IDT:
; int.asm; the T flag: debug.asm.
%include "lib/rom.inc"

SELECTOR        equ FREE
GATE_SEL        equ FREE + 8
BAD             equ FREE + 16       ; the segment that the new task cannot have

; ================ table 7-2 ================

; JMP leaves a task available, CALL nests: busy stays, NT and the back link are set.
%macro SWITCHED 2  ; jmp | call, EFLAGS of the old task
    WANT_IN_TASK_A
    WANT_SAVED_TASK .after, %2
    %ifidni %1, jmp
        WANT_TYPE TSS_SEL, PRESENT | TSS32_TYPE
    %else
        WANT_FLAGS NT, 0
        WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
    %endif
%endmacro

%macro DIRECT 3  ; instruction, CPL, DPL of the TSS
CHECK task.%1_to_a_tss_of_dpl_%3_at_cpl_%2, "SDM 3A 7.3, table 7-2"
    IN PM32, %2
    START_TASK_A .task
    mov byte [GDT + TSS_A_SEL + 5], PRESENT | DPL(%3) | TSS32_TYPE
    SET_FLAGS NT | IF               ; NT of the old task stays in its image
CODE
    %1 TSS_A_SEL:0xdeadbeef         ; the offset does not count
.after:
    nop
.task:
EXPECT END
SWITCHED %1, START_FLAGS | NT | IF
WANT_TYPE TSS_A_SEL, PRESENT | DPL(%3) | TSS32_BUSY
%endmacro
DIRECT jmp, 0, 0
DIRECT jmp, 0, 3
DIRECT jmp, 1, 1
DIRECT jmp, 3, 3
DIRECT call, 0, 0
DIRECT call, 0, 3
DIRECT call, 2, 2
DIRECT call, 3, 3

%macro BY_GATE 5  ; instruction, CPL, DPL of the gate, DPL of the TSS, place
CHECK task.%1_through_a_gate_of_dpl_%3_in_%5_at_cpl_%2_to_a_tss_of_dpl_%4, "SDM 3A 7.2.5, table 7-2"
    IN PM32, %2
    START_TASK_A .task
    mov byte [GDT + TSS_A_SEL + 5], PRESENT | DPL(%4) | TSS32_TYPE
    %ifidni %5, ldt
        CALL_GATE 8 | TI, TSS_A_SEL | 3, 0, PRESENT | DPL(%3) | TASK_GATE
    %else
        CALL_GATE GATE_SEL, TSS_A_SEL, 0, PRESENT | DPL(%3) | TASK_GATE
    %endif
CODE
    %ifidni %5, ldt
    %1 8 | TI:0
    %else
    %1 GATE_SEL:0
    %endif
.after:
    nop
.task:
EXPECT END
SWITCHED %1, START_FLAGS
WANT_TYPE TSS_A_SEL, PRESENT | DPL(%4) | TSS32_BUSY
%ifidni %5, ldt
    WANT tr, TSS_A_SEL | 3
%endif
%endmacro
BY_GATE jmp, 0, 0, 0, gdt
BY_GATE jmp, 3, 3, 0, gdt
BY_GATE jmp, 3, 3, 0, ldt
BY_GATE call, 0, 0, 0, gdt
BY_GATE call, 3, 3, 0, gdt
BY_GATE call, 3, 3, 3, ldt

; ---- everything that is loaded ----
%macro ALL_LOADED 1
CHECK task.%1_loads_the_whole_state, "SDM 3A 7.2.1, 7.3"
    IN PM32, 0
    START_TASK_A .task
    PUT dword [TSS_A + TSS_EFLAGS], 2 | CF | ZF | DF | IOPL(3)
    PUT dword [TSS_A + TSS_EAX], 0x11111111
    PUT dword [TSS_A + TSS_ECX], 0x22222222
    PUT dword [TSS_A + TSS_EDX], 0x33333333
    PUT dword [TSS_A + TSS_EBX], 0x44444444
    PUT dword [TSS_A + TSS_ESP], STACK3
    PUT dword [TSS_A + TSS_EBP], 0x55555555
    PUT dword [TSS_A + TSS_ESI], 0x66666666
    PUT dword [TSS_A + TSS_EDI], 0x77777777
    PUT dword [TSS_A + TSS_CS], CS3 | 3
    PUT dword [TSS_A + TSS_SS], DS3 | 3
    PUT dword [TSS_A + TSS_DS], 8 | TI | 3
    PUT dword [TSS_A + TSS_ES], DATA16_3 | 3
    PUT dword [TSS_A + TSS_FS], CS3 | 3
    PUT dword [TSS_A + TSS_GS], 0
    PUT dword [TSS_A + TSS_LDTR], LDT_SEL
    PUT dword [TSS_A + TSS_ESP0], STACK0
    PUT dword [TSS_A + TSS_SS0], DS0
    DESC 8 | TI, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
CODE
    %1 TSS_A_SEL:0
.after:
    nop
.task:
EXPECT END
SWITCHED %1, START_FLAGS
WANT eflags, 2 | CF | ZF | DF | IOPL(3)
%ifidni %1, call
    WANT_FLAGS NT, 0
%endif
WANT eax, 0x11111111
WANT ecx, 0x22222222
WANT edx, 0x33333333
WANT ebx, 0x44444444
WANT esp, STACK3
WANT ebp, 0x55555555
WANT esi, 0x66666666
WANT edi, 0x77777777
WANT cs, CS3 | 3
WANT ss, DS3 | 3
WANT ds, 8 | TI | 3
WANT es, DATA16_3 | 3
WANT fs, CS3 | 3
WANT gs, 0
WANT ldtr, LDT_SEL
WANT_TYPE 8 | TI, PRESENT | DPL(3) | DATA_RW | ACCESSED
%endmacro
ALL_LOADED jmp
ALL_LOADED call

CHECK task.cr3_is_loaded_when_paging, "SDM 3A 7.3"
    IN PM32, 0
    PAGING P32
    START_TASK_A .task
    mov esi, PD
    mov edi, FRAME_C
    mov ecx, 1024
    rep movsd
    PUT dword [TSS_A + TSS_CR3], FRAME_C
CODE
    jmp TSS_A_SEL:0
.after:
    nop
.task:
EXPECT END
SWITCHED jmp, START_FLAGS
WANT cr3, FRAME_C

CHECK task.to_a_virtual_8086_task, "SDM 3B 20.2.5"
    IN PM32, 0
    START_TASK_A OFF16(.task)
    PUT dword [TSS_A + TSS_EFLAGS], 2 | VM | IOPL(3)
    PUT dword [TSS_A + TSS_ESP], 0x1234
    PUT dword [TSS_A + TSS_CS], ROM_BASE >> 4
    PUT dword [TSS_A + TSS_SS], 0x0500
    PUT dword [TSS_A + TSS_DS], DATA >> 4
    PUT dword [TSS_A + TSS_ES], 3
    PUT dword [TSS_A + TSS_FS], 0xffff
    PUT dword [TSS_A + TSS_GS], 0
    PUT dword [TSS_A + TSS_ESP0], STACK0
    PUT dword [TSS_A + TSS_SS0], DS0
CODE
    jmp TSS_A_SEL:0
.after:
    nop
.task:
EXPECT LANDED, OFF16(.task)
SWITCHED jmp, START_FLAGS
WANT eflags, 2 | VM | IOPL(3)
WANT esp, 0x1234
WANT cs, ROM_BASE >> 4
WANT ss, 0x0500
WANT ds, DATA >> 4
WANT es, 3
WANT fs, 0xffff
WANT gs, 0

; ---- 16-bit TSS ----
%macro TO_16_BITS 1
CHECK task.%1_to_a_16_bit_tss, "SDM 3A 7.6"
    IN PM32, 0
    PUT word [TSS16_A + 14], OFF16(.task)
    PUT word [TSS16_A + 16], 2 | CF
    PUT word [TSS16_A + 18], 0x1111
    PUT word [TSS16_A + 20], 0x2222
    PUT word [TSS16_A + 22], 0x3333
    PUT word [TSS16_A + 24], 0x4444
    PUT word [TSS16_A + 26], STACK0_CHECK
    PUT word [TSS16_A + 28], 0x5555
    PUT word [TSS16_A + 30], 0x6666
    PUT word [TSS16_A + 32], 0x7777
    PUT word [TSS16_A + 34], DS0
    PUT word [TSS16_A + 36], CODE16_0
    PUT word [TSS16_A + 38], DATA16_0
    PUT word [TSS16_A + 40], DS3
    PUT word [TSS16_A + 42], LDT_SEL
CODE
    %1 TSS16_A_SEL:0
.after:
    nop
.task:
EXPECT LANDED, OFF16(.task)
WANT_SAVED_TASK .after, START_FLAGS
WANT tr, TSS16_A_SEL
WANT_TYPE TSS16_A_SEL, PRESENT | TSS16_BUSY
or dword [want + S_cr0], CR0_TS
WANT eflags, 2 | CF
%ifidni %1, jmp
    WANT_TYPE TSS_SEL, PRESENT | TSS32_TYPE
%else
    WANT_FLAGS NT, 0
    WANT_MEMORY word, TSS16_A, TSS_SEL
%endif
; SDM 3A 7.6 says nothing about the upper halves, and FS and GS are not in a 16-bit TSS
WANT_BITS eax, 0xffff
WANT_BITS ecx, 0xffff
WANT_BITS edx, 0xffff
WANT_BITS ebx, 0xffff
WANT_BITS esp, 0xffff
WANT_BITS ebp, 0xffff
WANT_BITS esi, 0xffff
WANT_BITS edi, 0xffff
WANT_BITS fs, 0
WANT_BITS gs, 0
WANT eax, 0x1111
WANT ecx, 0x2222
WANT edx, 0x3333
WANT ebx, 0x4444
WANT esp, STACK0_CHECK
WANT ebp, 0x5555
WANT esi, 0x6666
WANT edi, 0x7777
WANT es, DS0
WANT cs, CODE16_0
WANT ss, DATA16_0
WANT ds, DS3
WANT ldtr, LDT_SEL
%endmacro
TO_16_BITS jmp
TO_16_BITS call

; ================ faults before the switch: in the old task, which has not changed ================

%macro TSS_FAULT 7-8  ; name, instruction, CPL, selector, access byte of SELECTOR, fault, error code, limit
CHECK task.%2_%1_at_cpl_%3, "SDM 2A JMP, CALL TASK-STATE-SEGMENT"
    IN PM32, %3
    %if %0 > 7
    DESC SELECTOR, TSS_A, %8, %5
    %else
    DESC SELECTOR, TSS_A, TSS_SIZE - 1, %5
    %endif
CODE
    %2 %4:0
EXPECT %6, %7
%endmacro
%macro TSS_FAULTS 6-7  ; name, CPL, selector, access byte, fault, error code, limit
    TSS_FAULT %1, jmp, %{2:-1}
    TSS_FAULT %1, call, %{2:-1}
%endmacro
TSS_FAULTS to_a_busy_tss_is_gp, 0, SELECTOR, PRESENT | TSS32_BUSY, GP, SELECTOR
TSS_FAULTS to_a_busy_tss_is_gp, 3, SELECTOR | 3, PRESENT | DPL(3) | TSS32_BUSY, GP, SELECTOR
TSS_FAULTS to_a_busy_16_bit_tss_is_gp, 0, SELECTOR, PRESENT | TSS16_BUSY, GP, SELECTOR
TSS_FAULTS to_its_own_tss_is_gp, 0, TSS_SEL, 0, GP, TSS_SEL
TSS_FAULTS to_a_tss_of_dpl_0_is_gp, 1, SELECTOR, PRESENT | TSS32_TYPE, GP, SELECTOR
TSS_FAULTS to_a_tss_of_dpl_0_is_gp, 3, SELECTOR, PRESENT | TSS32_TYPE, GP, SELECTOR
TSS_FAULTS to_a_tss_of_dpl_2_is_gp, 3, SELECTOR, PRESENT | DPL(2) | TSS32_TYPE, GP, SELECTOR
TSS_FAULTS with_rpl_3_to_dpl_2_is_gp, 0, SELECTOR | 3, PRESENT | DPL(2) | TSS32_TYPE, GP, SELECTOR
TSS_FAULTS to_a_tss_not_present_is_np, 0, SELECTOR, TSS32_TYPE, NP, SELECTOR
TSS_FAULTS to_a_tss_not_present_is_np, 3, SELECTOR | 3, DPL(3) | TSS32_TYPE, NP, SELECTOR
TSS_FAULTS dpl_comes_before_presence, 3, SELECTOR, TSS32_TYPE, GP, SELECTOR
TSS_FAULTS busy_comes_before_presence, 0, SELECTOR, TSS32_BUSY, GP, SELECTOR
TSS_FAULTS to_a_tss_of_66h_is_ts, 0, SELECTOR, PRESENT | TSS32_TYPE, TS, SELECTOR, TSS_SIZE - 2
TSS_FAULTS to_a_tss_of_66h_is_ts, 3, SELECTOR | 3, PRESENT | DPL(3) | TSS32_TYPE, TS, SELECTOR, TSS_SIZE - 2
TSS_FAULTS to_a_16_bit_tss_of_2ah_is_ts, 0, SELECTOR, PRESENT | TSS16_TYPE, TS, SELECTOR, 42

CHECK task.tss_in_the_ldt_is_gp, "SDM 3A 7.2.2"
    IN PM32, 0
    DESC 8 | TI, TSS_A, TSS_SIZE - 1, PRESENT | TSS32_TYPE
CODE
    jmp 8 | TI:0
EXPECT GP, 8 | TI

%macro GATE_FAULT 8  ; name, CPL, RPL, access byte of the gate, selector in it, access byte of SELECTOR, fault, error code
%rep 2
    %if task_is_call
CHECK task.call_gate_%1_at_cpl_%2, "SDM 2A CALL TASK-GATE"
    %else
CHECK task.jmp_gate_%1_at_cpl_%2, "SDM 2A JMP TASK-GATE"
    %endif
    IN PM32, %2
    CALL_GATE GATE_SEL, %5, 0, %4
    DESC SELECTOR, TSS_A, TSS_SIZE - 1, %6
CODE
    %if task_is_call
    call GATE_SEL | %3:0
    %else
    jmp GATE_SEL | %3:0
    %endif
EXPECT %7, %8
    %assign task_is_call 1 - task_is_call
%endrep
%endmacro
%assign task_is_call 0
GATE_FAULT of_dpl_0_is_gp, 3, 0, PRESENT | TASK_GATE, SELECTOR, PRESENT | TSS32_TYPE, GP, GATE_SEL
GATE_FAULT of_dpl_2_is_gp, 3, 0, PRESENT | DPL(2) | TASK_GATE, SELECTOR, PRESENT | TSS32_TYPE, GP, GATE_SEL
GATE_FAULT with_rpl_3_of_dpl_2_is_gp, 0, 3, PRESENT | DPL(2) | TASK_GATE, SELECTOR, PRESENT | TSS32_TYPE, GP, GATE_SEL
GATE_FAULT not_present_is_np, 0, 0, TASK_GATE, SELECTOR, PRESENT | TSS32_TYPE, NP, GATE_SEL
GATE_FAULT not_present_is_np, 3, 3, DPL(3) | TASK_GATE, SELECTOR, PRESENT | TSS32_TYPE, NP, GATE_SEL
GATE_FAULT dpl_comes_before_presence, 3, 3, TASK_GATE, SELECTOR, PRESENT | TSS32_TYPE, GP, GATE_SEL
GATE_FAULT to_the_ldt_is_gp, 0, 0, PRESENT | TASK_GATE, 8 | TI, 0, GP, 8 | TI
GATE_FAULT beyond_the_gdt_is_gp, 0, 0, PRESENT | TASK_GATE, GDT_LIMIT + 1, 0, GP, GDT_LIMIT + 1
GATE_FAULT to_null_is_gp, 0, 0, PRESENT | TASK_GATE, 0, 0, GP, 0
GATE_FAULT to_data_is_gp, 3, 3, PRESENT | DPL(3) | TASK_GATE, SELECTOR, PRESENT | DPL(3) | DATA_RW, GP, SELECTOR
GATE_FAULT to_a_busy_tss_is_gp, 3, 3, PRESENT | DPL(3) | TASK_GATE, SELECTOR | 3, PRESENT | TSS32_BUSY, GP, SELECTOR
GATE_FAULT to_a_tss_not_present_is_np, 3, 3, PRESENT | DPL(3) | TASK_GATE, SELECTOR, TSS32_TYPE, NP, SELECTOR

; ---- the new TSS on an absent page (SDM 3A 7.3: looked at before the switch) ----
CHECK task.new_tss_on_an_absent_page, "SDM 3A 7.3, 4.7"
    IN PM32, 0
    PAGING P32
    DESC SELECTOR, WINDOW, TSS_SIZE - 1, PRESENT | TSS32_TYPE
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
CODE
    jmp SELECTOR:0
EXPECT PF, 0
WANT_BITS error, ~2                 ; which access comes first is not said: a read, or the write of what the switch will store
WANT cr2, WINDOW
WANT_BITS cr2, 0xffffff80

; ================ faults in the new task (SDM 3A 7.3, table 7-1) ================
; The switch has happened: the fault is the new task's, with its whole state. A handler in a third task sees it whatever is wrong
; with CS or SS.

%macro NEW_TASK_FAULT 6+  ; name, what is said of it, fault, error code, instruction, set-up
CHECK task.%1_by_%5, %2
    IN PM32, 0
    START_TASK_A .task
    START_TASK_B .handler
    GATE VECTOR_%3, TSS_B_SEL, 0, PRESENT | TASK_GATE
    %6
CODE
    %5 TSS_A_SEL:0
.after:
    nop
.task:
    nop
.handler:
EXPECT END
WANT_IN_TASK_B
WANT_FLAGS NT, 0
WANT_PUSHED dword, STACK0, %4
WANT_MEMORY word, TSS_B + TSS_LINK, TSS_A_SEL
WANT_TYPE TSS_A_SEL, PRESENT | TSS32_BUSY
WANT_SAVED_TASK .after, START_FLAGS
%ifidni %5, jmp
    WANT_TYPE TSS_SEL, PRESENT | TSS32_TYPE
%else
    WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
    WANT_MEMORY byte, TSS_A + TSS_EFLAGS + 1, NT >> 8
%endif
WANT_ANY TSS_A + TSS_EFLAGS + 2, 1  ; RF of a fault in a switch: SDM 3B 17.3.1.1 does not mention it
%endmacro
%macro NEW_TASK_FAULTS 5+  ; name, text, fault, error code, set-up
    NEW_TASK_FAULT %1, %2, %3, %4, jmp, %5
    NEW_TASK_FAULT %1, %2, %3, %4, call, %5
%endmacro
%define TABLE_7_1 "SDM 3A 7.3 table 7-1"

; field of the TSS, selector in it, access byte of BAD
%macro NEW_SEGMENT 6  ; name, field, selector, access byte, fault, error code
    NEW_TASK_FAULTS %1, TABLE_7_1, %5, %6, NEW_SEGMENT_SETUP TSS_%2, %3, %4
%endmacro
%macro NEW_SEGMENT_SETUP 3
    DESC BAD, 0, 0xfffff, %3, BIG | PAGES_4K
    PUT word [TSS_A + %1], %2
%endmacro
NEW_SEGMENT ldt_in_the_ldt_is_ts, LDTR, 8 | TI, 0, TS, 8 | TI
NEW_SEGMENT ldt_beyond_the_gdt_is_ts, LDTR, GDT_LIMIT + 1, 0, TS, GDT_LIMIT + 1
NEW_SEGMENT ldt_of_data_is_ts, LDTR, BAD, PRESENT | DATA_RW, TS, BAD
NEW_SEGMENT ldt_of_a_tss_is_ts, LDTR, BAD, PRESENT | TSS32_TYPE, TS, BAD
NEW_SEGMENT ldt_not_present_is_ts, LDTR, BAD, LDT_TYPE, TS, BAD
NEW_SEGMENT cs_null_is_ts, CS, 0, 0, TS, 0
NEW_SEGMENT cs_beyond_the_gdt_is_ts, CS, GDT_LIMIT + 1, 0, TS, GDT_LIMIT + 1
NEW_SEGMENT cs_of_data_is_ts, CS, BAD, PRESENT | DATA_RW, TS, BAD
NEW_SEGMENT cs_of_a_gate_is_ts, CS, BAD, PRESENT | CALL_GATE32, TS, BAD
NEW_SEGMENT cs_of_dpl_above_rpl_is_ts, CS, BAD, PRESENT | DPL(3) | CODE_XR, TS, BAD
NEW_SEGMENT cs_conforming_of_dpl_above_rpl_is_ts, CS, BAD, PRESENT | DPL(1) | CODE_CONFORMING, TS, BAD
NEW_SEGMENT cs_not_present_is_np, CS, BAD, CODE_XR, NP, BAD
NEW_SEGMENT ss_null_is_ts, SS, 0, 0, TS, 0
NEW_SEGMENT ss_beyond_the_gdt_is_ts, SS, GDT_LIMIT + 1, 0, TS, GDT_LIMIT + 1
NEW_SEGMENT ss_of_code_is_ts, SS, BAD, PRESENT | CODE_XR, TS, BAD
NEW_SEGMENT ss_read_only_is_ts, SS, BAD, PRESENT | DATA_R, TS, BAD
NEW_SEGMENT ss_of_another_dpl_is_ts, SS, BAD, PRESENT | DPL(3) | DATA_RW, TS, BAD
NEW_SEGMENT ss_of_another_rpl_is_ts, SS, BAD | 3, PRESENT | DATA_RW, TS, BAD
NEW_SEGMENT ss_not_present_is_ss, SS, BAD, DATA_RW, SS, BAD
NEW_SEGMENT ds_beyond_the_gdt_is_ts, DS, GDT_LIMIT + 1, 0, TS, GDT_LIMIT + 1
NEW_SEGMENT ds_beyond_the_absent_ldt_is_ts, DS, 8 | TI, 0, TS, 8 | TI
NEW_SEGMENT ds_of_execute_only_code_is_ts, DS, BAD, PRESENT | CODE_X, TS, BAD
NEW_SEGMENT ds_of_a_system_segment_is_ts, DS, BAD, PRESENT | LDT_TYPE, TS, BAD
NEW_SEGMENT ds_with_rpl_above_dpl_is_ts, DS, BAD | 3, PRESENT | DPL(0) | DATA_RW, TS, BAD
NEW_SEGMENT ds_not_present_is_np, DS, BAD, DATA_RW, NP, BAD
NEW_SEGMENT es_of_execute_only_code_is_ts, ES, BAD, PRESENT | CODE_X, TS, BAD
NEW_SEGMENT es_not_present_is_np, ES, BAD, DATA_RW, NP, BAD
NEW_SEGMENT fs_of_execute_only_code_is_ts, FS, BAD, PRESENT | CODE_X, TS, BAD
NEW_SEGMENT fs_not_present_is_np, FS, BAD, DATA_RW, NP, BAD
NEW_SEGMENT gs_of_execute_only_code_is_ts, GS, BAD, PRESENT | CODE_X, TS, BAD
NEW_SEGMENT gs_not_present_is_np, GS, BAD, DATA_RW, NP, BAD

; A switch to ring 3: data of DPL 0 is out of reach
%macro TO_RING_3 0
    PUT word [TSS_A + TSS_CS], CS3 | 3
    PUT word [TSS_A + TSS_SS], DS3 | 3
    PUT word [TSS_A + TSS_ES], 0
    PUT word [TSS_A + TSS_FS], 0
    PUT word [TSS_A + TSS_GS], 0
%endmacro
NEW_TASK_FAULTS ds_of_dpl_below_cpl_is_ts, TABLE_7_1, TS, DS0, TO_RING_3

%macro CS_OF_RING_0 0
    TO_RING_3
    DESC BAD, 0, 0xfffff, PRESENT | DPL(0) | CODE_XR, BIG | PAGES_4K
    PUT word [TSS_A + TSS_CS], BAD | 3
    PUT word [TSS_A + TSS_DS], 0
%endmacro
NEW_TASK_FAULTS cs_of_dpl_below_rpl_is_ts, TABLE_7_1, TS, BAD, CS_OF_RING_0

%macro NEW_EIP_SETUP 0
    DESC BAD, 0, TRAPS + 0xff, PRESENT | CODE_XR | ACCESSED, BIG
    PUT word [TSS_A + TSS_CS], BAD
    PUT dword [TSS_A + TSS_EIP], TRAPS + 0x100
%endmacro
NEW_TASK_FAULTS eip_beyond_the_limit_is_gp_0, "SDM 2A JMP, CALL TASK-STATE-SEGMENT", GP, 0, NEW_EIP_SETUP

END_OF_CHECKS

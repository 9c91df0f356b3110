; IRET and IRETD to the same and to outer rings: SDM 2A IRET/IRETD, 3A 6.12. iret_flags.asm is the second part.
%include "lib/rom.inc"

SELECTOR        equ FREE
ALL_STATUS      equ CF | PF | AF | ZF | SF | OF

; An IRETD at CPL %1 to .target with CS = %2 and EFLAGS = %3, in the same ring
%macro FRAME_SAME 3
    PUSHED dword, STACK%1_START, %3, %2, .target
%endmacro
STACK0_START    equ STACK0_CHECK
STACK1_START    equ STACK1
STACK2_START    equ STACK2
STACK3_START    equ STACK3

; An IRETD from ring 0 to ring %1
%macro FRAME_OUTER 1-2 START_FLAGS
    PUSHED dword, STACK0_CHECK, DS%1 | %1, STACK%1, %2, CS%1 | %1, .target
%endmacro

; What the return to ring %1 changes beside EIP: data segments of DPL 0 are lost
%macro WANT_OUTER 1
    WANT cs, CS%1 | %1
    WANT ss, DS%1 | %1
    WANT esp, STACK%1
    WANT ds, 0
    WANT es, 0
    WANT fs, 0
    WANT gs, 0
%endmacro

; ================ the same ring ================

%macro SAME_RING 1
CHECK iret.same_ring_at_cpl_%1, "SDM 2A IRET"
    IN PM32, %1
    FRAME_SAME %1, CS%1 | %1, 2 | CF
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK%1_START
WANT eflags, 2 | CF

CHECK iret.lock_is_ud_at_cpl_%1, "SDM 2A IRET"
    IN PM32, %1
    FRAME_SAME %1, CS%1 | %1, 2
CODE
    db 0xf0
    iretd
.target:
EXPECT UD
%endmacro
SAME_RING 0
SAME_RING 1
SAME_RING 2
SAME_RING 3

CHECK iret.of_16_bits_takes_three_words, "SDM 2A IRET"
    IN PM32, 0
    PUSHED word, STACK0_CHECK, 2 | CF, CS0, TRAPS
CODE
    iretw
EXPECT LANDED, TRAPS
WANT esp, STACK0_CHECK
WANT eflags, 2 | CF

CHECK iret.in_16_bit_code, "SDM 2A IRET"
    IN PM16, 3
    PUSHED word, STACK3, 2 | CF, CODE16_3 | 3, OFF16(.target)
CODE
    iret
.target:
EXPECT END
WANT esp, STACK3
WANT eflags, 2 | CF

CHECK iret.of_32_bits_in_16_bit_code, "SDM 2A IRET"
    IN PM16, 3
    PUSHED dword, STACK3, 2 | CF, CS3 | 3, .target
CODE
    iretd
    bits 32
.target:
EXPECT LANDED, .target
WANT esp, STACK3
WANT eflags, 2 | CF
WANT cs, CS3 | 3

; The upper half of the CS image does not count.
CHECK iret.cs_image_has_16_bits, "SDM 2A IRET"
    FRAME_SAME 3, 0xabcd0000 | CS3 | 3, 2
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK3
WANT eflags, 2

CHECK iret.accessed_bit_of_cs_is_set, "SDM 3A 3.4.5.1"
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(3) | CODE_X, BIG | PAGES_4K
    FRAME_SAME 3, SELECTOR | 3, START_FLAGS
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK3
WANT cs, SELECTOR | 3
WANT_TYPE SELECTOR, PRESENT | DPL(3) | CODE_X | ACCESSED

%macro CONFORMING 2  ; CPL, DPL
CHECK iret.conforming_of_dpl_%2_at_cpl_%1, "SDM 2A IRET"
    IN PM32, %1
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(%2) | CODE_CONFORMING | ACCESSED, BIG | PAGES_4K
    FRAME_SAME %1, SELECTOR | %1, START_FLAGS
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK%1_START
WANT cs, SELECTOR | %1
%endmacro
CONFORMING 0, 0
CONFORMING 1, 0
CONFORMING 1, 1
CONFORMING 2, 1
CONFORMING 3, 0
CONFORMING 3, 1
CONFORMING 3, 2
CONFORMING 3, 3

; ================ CS faults ================

%macro CS_FAULT 6  ; CPL, selector, name, access byte of SELECTOR, fault, error code
CHECK iret.%3_at_cpl_%1, "SDM 2A IRET"
    IN PM32, %1
    DESC SELECTOR, 0, 0xfffff, %4, BIG | PAGES_4K
    FRAME_SAME %1, %2, 2
CODE
    iretd
.target:
EXPECT %5, %6
%endmacro
; Null by the selector, not by what entry 0 of the GDT holds
%macro CS_NULL 2
CHECK iret.cs_null_with_rpl_%2_is_gp_0_at_cpl_%1, "SDM 2A IRET"
    IN PM32, %1
    DESC 0, 0, 0xfffff, PRESENT | DPL(%1) | CODE_XR, BIG | PAGES_4K
    FRAME_SAME %1, %2, 2
CODE
    iretd
.target:
EXPECT GP, 0
%endmacro
%assign rpl 0
%rep 4
    CS_NULL 0, %[rpl]
    CS_NULL 3, %[rpl]
    %assign rpl rpl + 1
%endrep
CS_FAULT 0, GDT_LIMIT + 1, cs_beyond_the_gdt_is_gp, 0, GP, GDT_LIMIT + 1
CS_FAULT 3, 0xfffb, cs_far_beyond_the_gdt_is_gp, 0, GP, 0xfff8
CS_FAULT 3, LDT_LIMIT + 1 | TI | 3, cs_beyond_the_ldt_is_gp, 0, GP, LDT_LIMIT + 1 | TI
%assign type 0
%rep 24
    CS_FAULT 0, SELECTOR, cs_type_%[type]_is_gp, PRESENT | %[type], GP, SELECTOR
    %assign type type + 1
%endrep
CS_FAULT 3, SELECTOR | 3, cs_data_is_gp, PRESENT | DPL(3) | DATA_RW, GP, SELECTOR
CS_FAULT 3, SELECTOR | 3, cs_call_gate_is_gp, PRESENT | DPL(3) | CALL_GATE32, GP, SELECTOR

; RPL below CPL, whatever the descriptor says
%macro RPL_BELOW 2
CS_FAULT %1, SELECTOR | %2, cs_with_rpl_%2_is_gp, PRESENT | DPL(%2) | CODE_XR, GP, SELECTOR
CS_FAULT %1, SELECTOR | %2, cs_conforming_with_rpl_%2_is_gp, PRESENT | DPL(0) | CODE_CONFORMING_R, GP, SELECTOR
%endmacro
RPL_BELOW 1, 0
RPL_BELOW 2, 0
RPL_BELOW 2, 1
RPL_BELOW 3, 0
RPL_BELOW 3, 1
RPL_BELOW 3, 2

; DPL of a non-conforming segment that is not the selector's RPL; of a conforming one that is above it
%macro CS_DPL 3  ; CPL, RPL, DPL
    %if %2 != %3
        CS_FAULT %1, SELECTOR | %2, cs_with_rpl_%2_and_dpl_%3_is_gp, PRESENT | DPL(%3) | CODE_XR, GP, SELECTOR
    %endif
    %if %3 > %2
        CS_FAULT %1, SELECTOR | %2, cs_conforming_with_rpl_%2_and_dpl_%3_is_gp, PRESENT | DPL(%3) | CODE_CONFORMING, GP, SELECTOR
    %endif
%endmacro
%assign dpl 0
%rep 4
    CS_DPL 0, 0, %[dpl]
    CS_DPL 0, 1, %[dpl]
    CS_DPL 0, 3, %[dpl]
    CS_DPL 1, 2, %[dpl]
    CS_DPL 3, 3, %[dpl]
    %assign dpl dpl + 1
%endrep
CS_FAULT 0, SELECTOR, cs_not_present_is_np, CODE_XR, NP, SELECTOR
CS_FAULT 0, SELECTOR | 3, cs_not_present_for_ring_3_is_np, DPL(3) | CODE_XR, NP, SELECTOR
CS_FAULT 3, SELECTOR | 3, cs_not_present_is_np, DPL(3) | CODE_XR, NP, SELECTOR
CS_FAULT 3, SELECTOR | 3, cs_conforming_not_present_is_np, CODE_CONFORMING, NP, SELECTOR
CS_FAULT 3, SELECTOR | 2, cs_rpl_comes_before_presence, DPL(2) | CODE_XR, GP, SELECTOR
CS_FAULT 3, SELECTOR | 3, cs_dpl_comes_before_presence, DPL(2) | CODE_XR, GP, SELECTOR
CS_FAULT 3, SELECTOR | 3, cs_type_comes_before_presence, DPL(3) | DATA_RW, GP, SELECTOR

; ---- EIP beyond the limit: the fault is the IRET's ----
%macro EIP_LIMIT 3
CHECK iret.eip_beyond_the_limit_%3_is_gp_0, "SDM 2A IRET"
    IN PM32, %1
    PAGING P32
    DESC SELECTOR, 0, TRAPS + 0xff, PRESENT | DPL(%2) | CODE_XR | ACCESSED, BIG
    %if %1 == %2
    PUSHED dword, STACK%1_START, 2, SELECTOR | %2, TRAPS + 0x100
    %else
    PUSHED dword, STACK%1_START, DS%2 | %2, STACK%2, 2, SELECTOR | %2, TRAPS + 0x100
    %endif
CODE
    iretd
EXPECT GP, 0
%endmacro
EIP_LIMIT 0, 0, of_ring_0
EIP_LIMIT 3, 3, of_ring_3
EIP_LIMIT 0, 3, from_0_to_3
EIP_LIMIT 0, 1, from_0_to_1

CHECK iret.eip_at_the_limit_is_entered, "SDM 2A IRET"
    DESC SELECTOR, 0, TRAPS + 0xff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG
    PUT byte [TRAPS + 0xff], 0x90
    PUSHED dword, STACK3, START_FLAGS, SELECTOR | 3, TRAPS + 0xff
CODE
    iretd
EXPECT GP, 0                        ; of the next fetch
WANT esp, STACK3
WANT cs, SELECTOR | 3
WANT eip, TRAPS + 0x100

; ---- the image beyond the stack limit ----
%macro SS_LIMIT 4  ; name, bytes there, outer ring or 0, instruction
CHECK iret.stack_with_%2_bytes_%1_is_ss_0, "SDM 2A IRET"
    IN PM32, 3
    DESC SELECTOR, STACK3 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(3) | DATA_RW | ACCESSED, BIG
    SET ss, SELECTOR | 3
    PUT dword [STACK3 - 12], .target
    PUT dword [STACK3 - 8], CS3 | 3
    PUT dword [STACK3 - 4], 2
    SET esp, STACK_SIZE - %2
CODE
    %4
.target:
EXPECT SS, 0
%endmacro
SS_LIMIT of_12, 11, 0, iretd
SS_LIMIT of_12, 8, 0, iretd
SS_LIMIT of_12, 4, 0, iretd
SS_LIMIT of_12, 1, 0, iretd
SS_LIMIT of_12, 0, 0, iretd
SS_LIMIT of_6, 5, 0, iretw
SS_LIMIT of_6, 2, 0, iretw

; To ring 3: 12 bytes are there, 20 are not. From ring 1, so that the fault has a stack.
CHECK iret.stack_without_ss_and_esp_is_ss_0, "SDM 2A IRET"
    IN PM32, 1
    DESC SELECTOR, STACK1 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(1) | DATA_RW | ACCESSED, BIG
    SET ss, SELECTOR | 1
    PUSHED dword, STACK1, DS3 | 3, 2, CS3 | 3, .target
    SET esp, STACK_SIZE - 16
CODE
    iretd
.target:
EXPECT SS, 0

CHECK iret.stack_is_looked_at_before_cs, "SDM 2A IRET"
    DESC SELECTOR, STACK3 - STACK_SIZE, STACK_SIZE - 1, PRESENT | DPL(3) | DATA_RW | ACCESSED, BIG
    SET ss, SELECTOR | 3
    SET esp, STACK_SIZE - 8         ; CS would be null
CODE
    iretd
EXPECT SS, 0

; ================ outer rings ================

%macro OUTER 2
CHECK iret.from_cpl_%1_to_cpl_%2, "SDM 2A IRET"
    IN PM32, %1
    PUSHED dword, STACK%1_START, DS%2 | %2, STACK%2, 2 | ZF, CS%2 | %2, .target
CODE
    iretd
.target:
EXPECT END
WANT_OUTER %2
WANT eflags, 2 | ZF
%endmacro
OUTER 0, 1
OUTER 0, 2
OUTER 0, 3
OUTER 1, 2
OUTER 1, 3
OUTER 2, 3

CHECK iret.of_16_bits_to_ring_3, "SDM 2A IRET"
    IN PM16, 0
    PUSHED word, STACK0_CHECK, DATA16_3 | 3, STACK3, 2, CODE16_3 | 3, OFF16(.target)
    SET ds, DATA16_3 | 3
    SET es, DATA16_3 | 3
    SET fs, DATA16_3 | 3
    SET gs, DATA16_3 | 3
CODE
    iret
.target:
EXPECT END
WANT cs, CODE16_3 | 3
WANT ss, DATA16_3 | 3
WANT esp, STACK3
WANT eflags, 2

CHECK iret.conforming_to_ring_3, "SDM 2A IRET"
    IN PM32, 0
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(1) | CODE_CONFORMING | ACCESSED, BIG | PAGES_4K
    PUSHED dword, STACK0_CHECK, DS3 | 3, STACK3, 2, SELECTOR | 3, .target
CODE
    iretd
.target:
EXPECT END
WANT_OUTER 3
WANT cs, SELECTOR | 3
WANT eflags, 2

CHECK iret.accessed_bits_of_cs_and_ss_are_set, "SDM 3A 3.4.5.1"
    IN PM32, 0
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(3) | CODE_XR, BIG | PAGES_4K
    DESC SELECTOR + 8, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    PUSHED dword, STACK0_CHECK, (SELECTOR + 8) | 3, STACK3, 2, SELECTOR | 3, .target
CODE
    iretd
.target:
EXPECT END
WANT_OUTER 3
WANT cs, SELECTOR | 3
WANT ss, (SELECTOR + 8) | 3
WANT eflags, 2
WANT_TYPE SELECTOR, PRESENT | DPL(3) | CODE_XR | ACCESSED
WANT_TYPE SELECTOR + 8, PRESENT | DPL(3) | DATA_RW | ACCESSED

; ---- SS faults ----
%macro SS_FAULT 5  ; name, selector, access byte of SELECTOR, fault, error code
CHECK iret.%1, "SDM 2A IRET"
    IN PM32, 0
    DESC SELECTOR, 0, 0xfffff, %3, BIG | PAGES_4K
    PUSHED dword, STACK0_CHECK, %2, STACK3, 2, CS3 | 3, .target
CODE
    iretd
.target:
EXPECT %4, %5
%endmacro
%macro SS_NULL 1
CHECK iret.ss_null_with_rpl_%1_is_gp_0, "SDM 2A IRET"
    IN PM32, 0
    DESC 0, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    PUSHED dword, STACK0_CHECK, %1, STACK3, 2, CS3 | 3, .target
CODE
    iretd
.target:
EXPECT GP, 0
%endmacro
SS_NULL 0
SS_NULL 1
SS_NULL 2
SS_NULL 3
SS_FAULT ss_beyond_the_gdt_is_gp, GDT_LIMIT + 1 | 3, 0, GP, GDT_LIMIT + 1
SS_FAULT ss_beyond_the_ldt_is_gp, LDT_LIMIT + 1 | TI | 3, 0, GP, LDT_LIMIT + 1 | TI
SS_FAULT ss_with_rpl_0_is_gp, SELECTOR, PRESENT | DPL(3) | DATA_RW, GP, SELECTOR
SS_FAULT ss_with_rpl_1_is_gp, SELECTOR | 1, PRESENT | DPL(3) | DATA_RW, GP, SELECTOR
SS_FAULT ss_with_rpl_2_is_gp, SELECTOR | 2, PRESENT | DPL(3) | DATA_RW, GP, SELECTOR
SS_FAULT ss_of_dpl_0_is_gp, SELECTOR | 3, PRESENT | DPL(0) | DATA_RW, GP, SELECTOR
SS_FAULT ss_of_dpl_1_is_gp, SELECTOR | 3, PRESENT | DPL(1) | DATA_RW, GP, SELECTOR
SS_FAULT ss_of_dpl_2_is_gp, SELECTOR | 3, PRESENT | DPL(2) | DATA_RW, GP, SELECTOR
SS_FAULT ss_read_only_is_gp, SELECTOR | 3, PRESENT | DPL(3) | DATA_R, GP, SELECTOR
SS_FAULT ss_read_only_expand_down_is_gp, SELECTOR | 3, PRESENT | DPL(3) | DATA_DOWN_R, GP, SELECTOR
SS_FAULT ss_code_is_gp, SELECTOR | 3, PRESENT | DPL(3) | CODE_XR, GP, SELECTOR
SS_FAULT ss_conforming_code_is_gp, SELECTOR | 3, PRESENT | DPL(3) | CODE_CONFORMING_R, GP, SELECTOR
SS_FAULT ss_system_0_is_gp, SELECTOR | 3, PRESENT | DPL(3), GP, SELECTOR
SS_FAULT ss_ldt_is_gp, SELECTOR | 3, PRESENT | DPL(3) | LDT_TYPE, GP, SELECTOR
; The operation section says #SS(SS selector); "#NP(selector) if the return code or stack segment is not present" stands in
; the exception list only, and RET, MOV SS and LSS have #SS for it, too.
SS_FAULT ss_not_present_is_ss, SELECTOR | 3, DPL(3) | DATA_RW, SS, SELECTOR
SS_FAULT ss_type_comes_before_presence, SELECTOR | 3, DPL(3) | DATA_R, GP, SELECTOR
SS_FAULT ss_dpl_comes_before_presence, SELECTOR | 3, DPL(2) | DATA_RW, GP, SELECTOR

CHECK iret.ss_comes_before_eip, "SDM 2A IRET"
    IN PM32, 0
    DESC SELECTOR, 0, TRAPS + 0xff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG
    PUSHED dword, STACK0_CHECK, 0, STACK3, 2, SELECTOR | 3, TRAPS + 0x100
CODE
    iretd
EXPECT GP, 0

CHECK iret.cs_comes_before_ss, "SDM 2A IRET"
    IN PM32, 0
    DESC SELECTOR, 0, 0xfffff, DPL(3) | CODE_XR, BIG | PAGES_4K
    PUSHED dword, STACK0_CHECK, 0, STACK3, 2, SELECTOR | 3, .target
CODE
    iretd
.target:
EXPECT NP, SELECTOR

; ---- data segments on the way out (SDM 2A IRET, 3A 5.8.1): the hidden DPL decides ----
%macro SEGMENT_KEPT 5  ; register, name, access byte, ring to return to, kept?
CHECK iret.%1_with_%2_on_return_to_ring_%4, "SDM 2A IRET"
    IN PM32, 0
    DESC SELECTOR, 0, 0xfffff, PRESENT | %3 | ACCESSED, BIG | PAGES_4K
    FRAME_OUTER %4
    SET %1, SELECTOR
CODE
    iretd
.target:
EXPECT END
WANT_OUTER %4
%if %5
    WANT %1, SELECTOR
%endif
%endmacro
%macro SEGMENT_KEPT_ALL 4
    SEGMENT_KEPT ds, %1, %2, %3, %4
    SEGMENT_KEPT es, %1, %2, %3, %4
    SEGMENT_KEPT fs, %1, %2, %3, %4
    SEGMENT_KEPT gs, %1, %2, %3, %4
%endmacro
SEGMENT_KEPT_ALL data_of_dpl_0, DPL(0) | DATA_RW, 3, 0
SEGMENT_KEPT_ALL data_of_dpl_3, DPL(3) | DATA_RW, 3, 1
SEGMENT_KEPT ds, data_of_dpl_1, DPL(1) | DATA_RW, 3, 0
SEGMENT_KEPT ds, data_of_dpl_2, DPL(2) | DATA_R, 3, 0
SEGMENT_KEPT ds, data_of_dpl_0, DPL(0) | DATA_RW, 1, 0
SEGMENT_KEPT ds, data_of_dpl_1, DPL(1) | DATA_RW, 1, 1
SEGMENT_KEPT ds, data_of_dpl_2, DPL(2) | DATA_RW, 1, 1
SEGMENT_KEPT es, data_of_dpl_1, DPL(1) | DATA_DOWN_RW, 2, 0
SEGMENT_KEPT es, data_of_dpl_2, DPL(2) | DATA_DOWN_RW, 2, 1
SEGMENT_KEPT ds, code_of_dpl_0, DPL(0) | CODE_XR, 3, 0
SEGMENT_KEPT fs, code_of_dpl_2, DPL(2) | CODE_XR, 3, 0
SEGMENT_KEPT gs, code_of_dpl_3, DPL(3) | CODE_XR, 3, 1
SEGMENT_KEPT_ALL conforming_code_of_dpl_0, DPL(0) | CODE_CONFORMING_R, 3, 1

CHECK iret.a_lost_segment_is_unusable, "SDM 3A 5.4.1"
    IN PM32, 0
    FRAME_OUTER 3
CODE
    iretd
.target:
    AT
    mov eax, [ds:DATA]
EXPECT GP, 0
WANT_OUTER 3

CHECK iret.null_segments_stay_null, "SDM 2A IRET"
    IN PM32, 0
    FRAME_OUTER 3
    SET ds, 3
    SET es, 2
CODE
    iretd
.target:
EXPECT END
WANT_OUTER 3
WANT_BITS ds, 0xfffc                ; a null selector's RPL: the manual says 0 only for segments that are lost
WANT_BITS es, 0xfffc

CHECK iret.the_table_is_not_read_again_for_data_segments, "SDM 2A IRET"
    IN PM32, 0
    DESC SELECTOR, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW | ACCESSED, BIG | PAGES_4K
    FRAME_OUTER 3
    SET ds, SELECTOR
CODE
    mov byte [GDT + SELECTOR + 5], 0
    iretd
.target:
EXPECT END
WANT_OUTER 3
WANT ds, SELECTOR
WANT_TYPE SELECTOR, 0

END_OF_CHECKS

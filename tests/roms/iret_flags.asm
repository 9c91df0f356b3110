; IRET and IRETD, second part: EFLAGS, virtual-8086 and real-address mode, nested tasks. SDM 2A IRET/IRETD, 3A 7.4, 3B 20.2.
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

; ================ EFLAGS ================

; CPL, name, EFLAGS before, image, wanted
%macro IRET_FLAGS 5
CHECK iret.flags_%2_at_cpl_%1, "SDM 2A IRET"
    IN PM32, %1
    SET eflags, 2 | (%3)
    FRAME_SAME %1, CS%1 | %1, %4
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK%1_START
WANT eflags, 2 | (%5)
%endmacro
%macro IRET_FLAG 2  ; a flag that every ring may change
    IRET_FLAGS 0, %1_set, 0, %2, %2
    IRET_FLAGS 0, %1_cleared, %2, 0, 0
    IRET_FLAGS 3, %1_set, 0, %2, %2
    IRET_FLAGS 3, %1_cleared, %2, 0, 0
%endmacro
IRET_FLAG cf, CF
IRET_FLAG pf, PF
IRET_FLAG af, AF
IRET_FLAG zf, ZF
IRET_FLAG sf, SF
IRET_FLAG of, OF
IRET_FLAG df, DF
IRET_FLAGS 0, nt_set, 0, NT, NT
IRET_FLAGS 3, nt_set, 0, NT, NT
IRET_FLAGS 0, reserved_bits_are_fixed, 0, 0xffc0802a, 0
IRET_FLAGS 3, reserved_bits_are_fixed, 0, 0xffc0802a, 0

; IF by CPL <= IOPL; IOPL at CPL 0 only
%macro IRET_IF 2
    %if %1 <= %2
        %assign may 1
    %else
        %assign may 0
    %endif
    IRET_FLAGS %1, if_set_with_iopl_%2, IOPL(%2), IOPL(%2) | IF, IOPL(%2) | (IF * may)
    IRET_FLAGS %1, if_cleared_with_iopl_%2, IOPL(%2) | IF, IOPL(%2), IOPL(%2) | (IF * (1 - may))
    %if %1 == 0
        IRET_FLAGS %1, iopl_changed_from_%2, IOPL(%2), IOPL(3 - %2), IOPL(3 - %2)
    %else
        IRET_FLAGS %1, iopl_kept_%2, IOPL(%2), IOPL(3 - %2), IOPL(%2)
    %endif
%endmacro
%assign cpl 0
%rep 4
    %assign iopl 0
    %rep 4
        IRET_IF %[cpl], %[iopl]
        %assign iopl iopl + 1
    %endrep
    %assign cpl cpl + 1
%endrep

%macro IRET_FLAGS_FEATURE 6
CHECK iret.flags_%2_at_cpl_%1, "SDM 2A IRET"
    IN PM32, %1
    NEEDS %6
    SET eflags, 2 | (%3)
    FRAME_SAME %1, CS%1 | %1, %4
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK%1_START
WANT eflags, 2 | (%5)
%endmacro
IRET_FLAGS_FEATURE 0, ac_set, 0, AC, AC, I486
IRET_FLAGS_FEATURE 0, ac_cleared, AC, 0, 0, I486
IRET_FLAGS_FEATURE 3, ac_set, 0, AC, AC, I486
IRET_FLAGS_FEATURE 3, ac_cleared, AC, 0, 0, I486
IRET_FLAGS_FEATURE 0, id_set, 0, ID, ID, CPUID
IRET_FLAGS_FEATURE 0, id_cleared, ID, 0, 0, CPUID
IRET_FLAGS_FEATURE 3, id_set, 0, ID, ID, CPUID
IRET_FLAGS_FEATURE 3, id_cleared, ID, 0, 0, CPUID
%macro VIRTUAL_FLAGS 2
    IRET_FLAGS_FEATURE 0, %1_set, 0, %2, %2, VME
    IRET_FLAGS_FEATURE 0, %1_cleared, %2, 0, 0, VME
    %assign cpl 1
    %rep 3
        IRET_FLAGS_FEATURE %[cpl], %1_not_set, 0, %2, 0, VME
        IRET_FLAGS_FEATURE %[cpl], %1_not_cleared, %2, 0, %2, VME
        %assign cpl cpl + 1
    %endrep
%endmacro
VIRTUAL_FLAGS vif, VIF
VIRTUAL_FLAGS vip, VIP

; VM counts at CPL 0 only; elsewhere the return is an ordinary one.
%macro VM_IGNORED 1
    IRET_FLAGS %1, vm_in_the_image_is_ignored, 0, VM, 0
    IRET_FLAGS %1, vm_in_the_image_is_ignored_with_iopl_3, IOPL(3), VM | IOPL(3), IOPL(3)
%endmacro
VM_IGNORED 1
VM_IGNORED 2
VM_IGNORED 3

CHECK iret.vm_in_the_image_is_ignored_on_the_way_from_1_to_3, "SDM 2A IRET"
    IN PM32, 1
    PUSHED dword, STACK1, DS3 | 3, STACK3, 2 | VM, CS3 | 3, .target
CODE
    iretd
.target:
EXPECT END
WANT_OUTER 3
WANT eflags, 2

; CPL before the return decides, also when the return leaves the ring.
%macro OUTER_FLAGS 5
CHECK iret.flags_%2_from_cpl_%1_to_3, "SDM 2A IRET"
    IN PM32, %1
    SET eflags, 2 | (%3)
    PUSHED dword, STACK%1_START, DS3 | 3, STACK3, %4, CS3 | 3, .target
CODE
    iretd
.target:
EXPECT END
WANT_OUTER 3
WANT eflags, 2 | (%5)
%endmacro
OUTER_FLAGS 0, if_and_iopl_changed, 0, IF | IOPL(1), IF | IOPL(1)
OUTER_FLAGS 1, if_changed_with_iopl_1, IOPL(1), IF | IOPL(3), IF | IOPL(1)
OUTER_FLAGS 1, if_kept_with_iopl_0, IF, IOPL(3), IF
OUTER_FLAGS 2, if_kept_with_iopl_1, IF | IOPL(1), 0, IF | IOPL(1)
OUTER_FLAGS 0, status_flags, ALL_STATUS, DF, DF
OUTER_FLAGS 0, nt_set, 0, NT, NT

; 16 bits: the upper half stays.
CHECK iret.of_16_bits_keeps_the_upper_flags, "SDM 2A IRET"
    IN PM32, 0
    NEEDS VME
    SET eflags, 2 | AC | ID | VIF
    PUSHED word, STACK0_CHECK, 2 | SF | IF, CS0, TRAPS
CODE
    iretw
EXPECT LANDED, TRAPS
WANT esp, STACK0_CHECK
WANT eflags, 2 | SF | IF | AC | ID | VIF

CHECK iret.of_16_bits_at_cpl_3_keeps_if_and_iopl, "SDM 2A IRET"
    PUSHED word, STACK3, 2 | SF | IF | IOPL(3), CS3 | 3, TRAPS
CODE
    iretw
EXPECT LANDED, TRAPS
WANT esp, STACK3
WANT eflags, 2 | SF

; ---- TF, RF, IF and what follows them ----
%macro IRET_TF 1
CHECK iret.tf_traps_after_the_next_instruction_at_cpl_%1, "SDM 3B 17.3.1.4"
    IN PM32, %1
    FRAME_SAME %1, CS%1 | %1, 2 | TF
CODE
    iretd
.target:
    nop
    AT
    nop
EXPECT DB
WANT esp, STACK%1_START
WANT eflags, 2 | TF
WANT dr6, DR6_START | DR6_BS
%endmacro
IRET_TF 0
IRET_TF 3

%macro IRET_RF 5  ; CPL, RF in the image, name, where it traps, bit of DR6
CHECK iret.%3_at_cpl_%1, "SDM 3B 17.3.1.1"
    IN PM32, %1
    DEBUG_REGISTER 0, .target
    DEBUG_REGISTER 1, .second
    SET dr7, DR7_START | 0x0a       ; G0, G1: execution
    FRAME_SAME %1, CS%1 | %1, 2 | %2
CODE
    iretd
.target:
    nop
.second:
    nop
EXPECT DB
WANT esp, STACK%1_START
WANT eip, %4
WANT eflags, 2
WANT dr6, DR6_START | %5
%endmacro
IRET_RF 0, 0, breakpoint_at_the_target, .target, 1
IRET_RF 3, 0, breakpoint_at_the_target, .target, 1
IRET_RF 0, RF, rf_skips_one_breakpoint_only, .second, 2
IRET_RF 3, RF, rf_skips_one_breakpoint_only, .second, 2

%macro IRET_INTERRUPT 1
CHECK iret.interrupt_comes_before_the_first_instruction_at_cpl_%1, "SDM 2A IRET, STI"
    IN PM32, %1
    REQUEST_IRQ0
    SET_FLAGS IOPL(3)
    FRAME_SAME %1, CS%1 | %1, 2 | IF | IOPL(3)
CODE
    iretd
.target:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT esp, STACK%1_START
WANT eip, .target
WANT eflags, 2 | IF | IOPL(3)
%endmacro
IRET_INTERRUPT 0
IRET_INTERRUPT 3

; ================ to virtual-8086 mode ================

%macro FRAME_V86 2  ; EFLAGS, EIP
    PUSHED dword, STACK0_CHECK, 0x1111, 0x2222, 0x3333, 0x4444, 0x0500, 0x1234, %1, ROM_BASE >> 4, %2
%endmacro
%macro WANT_V86 1
    WANT cs, ROM_BASE >> 4
    WANT ss, 0x0500
    WANT esp, 0x1234
    WANT gs, 0x1111
    WANT fs, 0x2222
    WANT ds, 0x3333
    WANT es, 0x4444
    WANT eflags, 2 | (%1)
%endmacro
%macro TO_V86 2-3
CHECK iret.to_v86_%1, "SDM 2A IRET, 3B 20.2.5"
    IN PM32, 0
    %if %0 > 2
    NEEDS %3
    %endif
    FRAME_V86 VM | (%2), OFF16(.target)
CODE
    iretd
    bits 16
.target:
EXPECT LANDED, OFF16(.target)
WANT_V86 VM | (%2)
%endmacro
TO_V86 loads_all_segments, 0
TO_V86 with_iopl_3_and_if, IOPL(3) | IF
TO_V86 with_status_flags, ALL_STATUS | DF
TO_V86 with_nt, NT
TO_V86 with_ac, AC, I486
TO_V86 with_id, ID, CPUID
TO_V86 with_vif, VIF, VME
TO_V86 with_vip, VIP, VME

; The manual has one line for it in every edition: instruction pointer not within the code segment limits, which are 64 KiB
; in that mode: #GP(0), before anything is loaded. Nothing cuts EIP to 16 bits first.
CHECK iret.to_v86_eip_beyond_64k_is_gp_0, "SDM 2A IRET"
    IN PM32, 0
    FRAME_V86 VM, 0x10000
CODE
    iretd
EXPECT GP, 0

CHECK iret.to_v86_needs_36_bytes_of_stack, "SDM 2A IRET"
    IN PM32, 0
    DESC SELECTOR, 0, STACK0_CHECK - 1, PRESENT | DATA_RW | ACCESSED, BIG
    FRAME_V86 VM, OFF16(.target)
    mov esi, STACK0_CHECK - 36      ; four bytes too high
    mov edi, STACK0_CHECK - 32
    std
    lea esi, [esi + 32]
    lea edi, [edi + 32]
    mov ecx, 8
    sub esi, 4
    sub edi, 4
    rep movsd
    cld
    SET esp, STACK0_CHECK - 32
    SET ss, SELECTOR
CODE
    iretd
.target:
EXPECT SS, 0

CHECK iret.of_16_bits_never_goes_to_v86, "SDM 2A IRET"
    IN PM32, 0
    PUSHED word, STACK0_CHECK, 2, CS0, TRAPS
    SET eflags, 2
CODE
    iretw
EXPECT LANDED, TRAPS
WANT esp, STACK0_CHECK

; ================ in virtual-8086 mode ================

%macro V86_IOPL 1
CHECK iret.v86_with_iopl_%1_is_gp_0, "SDM 2A IRET, 3B 20.2.7"
    IN V86
    SET_FLAGS IOPL(%1)
    PUSHED word, STACK3, 2, ROM_BASE >> 4, OFF16(.target)
CODE
    iret
.target:
EXPECT GP, 0

CHECK iret.v86_of_32_bits_with_iopl_%1_is_gp_0, "SDM 2A IRET, 3B 20.2.7"
    IN V86
    SET_FLAGS IOPL(%1)
    PUSHED dword, STACK3, 2, ROM_BASE >> 4, OFF16(.target)
CODE
    iretd
.target:
EXPECT GP, 0
%endmacro
V86_IOPL 0
V86_IOPL 1
V86_IOPL 2

; image, wanted beside VM and IOPL 3
%macro V86_FLAGS 3
CHECK iret.v86_%1, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3)
    PUSHED word, STACK3, %2, ROM_BASE >> 4, OFF16(.target)
CODE
    iret
.target:
EXPECT END
WANT esp, STACK3
WANT eflags, 2 | VM | IOPL(3) | (%3)

CHECK iret.v86_of_32_bits_%1, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3)
    PUSHED dword, STACK3, %2, ROM_BASE >> 4, OFF16(.target)
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK3
WANT eflags, 2 | VM | IOPL(3) | (%3)
%endmacro
V86_FLAGS returns, 2, 0
V86_FLAGS loads_status_flags, 2 | ALL_STATUS | DF, ALL_STATUS | DF
V86_FLAGS loads_if, 2 | IF, IF
V86_FLAGS loads_nt, 2 | NT, NT
V86_FLAGS keeps_iopl, 2 | IOPL(0), 0

CHECK iret.v86_of_32_bits_keeps_vm_vif_vip, "SDM 2A IRET"
    IN V86
    NEEDS VME
    SET eflags, 2 | VM | IOPL(3) | VIF
    PUSHED dword, STACK3, 2 | VIP, ROM_BASE >> 4, OFF16(.target)
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK3
WANT eflags, 2 | VM | IOPL(3) | VIF

CHECK iret.v86_changes_cs_without_a_descriptor, "SDM 3B 20.1.1"
    IN V86
    SET_FLAGS IOPL(3)
    PUSHED word, STACK3, 2, (ROM_BASE >> 4) + 0x10, OFF16(.target) - 0x100
CODE
    iret
.target:
EXPECT END
WANT esp, STACK3
WANT cs, (ROM_BASE >> 4) + 0x10
WANT eip, OFF16(.target) - 0x100
WANT eflags, 2 | VM | IOPL(3)

CHECK iret.v86_nt_makes_no_task_return, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3) | NT
    PUSHED word, STACK3, 2, ROM_BASE >> 4, OFF16(.target)
CODE
    iret
.target:
EXPECT END
WANT esp, STACK3
WANT eflags, 2 | VM | IOPL(3)

; RETURN-FROM-VIRTUAL-8086-MODE has the same line: it is the IRETD that faults, not the fetch after it.
CHECK iret.v86_eip_beyond_64k_is_gp_0, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3)
    PUSHED dword, STACK3, 2, ROM_BASE >> 4, 0x10000
CODE
    iretd
EXPECT GP, 0

CHECK iret.v86_stack_at_the_end_of_64k_is_ss_0, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3)
    SET esp, 0xfffd
CODE
    iret
EXPECT SS, 0

; ================ real-address mode ================

CHECK iret.real_mode, "SDM 2A IRET"
    IN REAL
    PUSHED word, STACK0_CHECK, 2 | ALL_STATUS | DF | IF | NT | IOPL(2), (ROM_BASE >> 4) + 0x10, OFF16(.target) - 0x100
CODE
    iret
.target:
EXPECT END
WANT esp, STACK0_CHECK
WANT cs, (ROM_BASE >> 4) + 0x10
WANT eip, OFF16(.target) - 0x100
WANT eflags, 2 | ALL_STATUS | DF | IF | NT | IOPL(2)

; SDM 2A IRET: EFLAGS = (image AND 257FD5h) OR (EFLAGS AND 1A0000h)
%macro REAL_UPPER 4
CHECK iret.real_mode_%1, "SDM 2A IRET"
    IN REAL
    NEEDS VME
    SET_FLAGS %2
    PUSHED dword, STACK0_CHECK, %3, ROM_BASE >> 4, OFF16(.target)
CODE
    iretd
.target:
    pushfd
    pop eax
EXPECT END
WANT esp, STACK0_CHECK
WANT eflags, 2
WANT eax, 2 | (%4)
WANT_ANY STACK0_CHECK - 4, 4
%endmacro
REAL_UPPER of_32_bits_loads_ac_and_id, 0, 2 | AC | ID, AC | ID
REAL_UPPER of_32_bits_does_not_load_vm_vif_vip, 0, 2 | VM | VIF | VIP, 0

CHECK iret.real_mode_nt_makes_no_task_return, "SDM 2A IRET"
    IN REAL
    SET_FLAGS NT
    PUSHED word, STACK0_CHECK, 2, ROM_BASE >> 4, OFF16(.target)
CODE
    iret
.target:
EXPECT END
WANT esp, STACK0_CHECK
WANT eflags, 2

CHECK iret.real_mode_eip_beyond_64k_is_gp, "SDM 2A IRET"
    IN REAL
    PUSHED dword, STACK0_CHECK, 2, ROM_BASE >> 4, 0x10000
CODE
    iretd
EXPECT GP

CHECK iret.real_mode_stack_at_the_end_of_64k_is_ss, "SDM 2A IRET"
    IN REAL
CODE
    mov sp, 0xfffd
    AT
    iret
EXPECT SS
WANT esp, 0xfffd

CHECK iret.real_mode_lock_is_ud, "SDM 2A IRET"
    IN REAL
CODE
    db 0xf0
    iret
EXPECT UD

; The last byte of the segment is inside; the fetch after it is not.
CHECK iret.v86_to_the_last_byte, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3)
    PUT byte [0x10fff], 0x90
    PUSHED word, STACK3, START_FLAGS, 0x0100, 0xffff
CODE
    iret
EXPECT GP, 0
WANT esp, STACK3
WANT cs, 0x0100
WANT eip, 0x10000

CHECK iret.real_mode_to_the_last_byte, "SDM 2A IRET"
    IN REAL
    PUT byte [0x10fff], 0x90
    PUSHED word, STACK0_CHECK, START_FLAGS, 0x0100, 0xffff
CODE
    iret
EXPECT GP
WANT esp, STACK0_CHECK
WANT cs, 0x0100
WANT eip, 0                         ; 16 bits of it are pushed

; ================ NT: the return from a nested task ================

%macro BACK_LINK 6-7  ; name, CPL, back link, access byte of SELECTOR, fault, error code, limit
CHECK iret.nested_%1_at_cpl_%2, "SDM 2A IRET, 3A 7.4"
    IN PM32, %2
    %if %0 > 6
    DESC SELECTOR, TSS_A, %7, %4
    %else
    DESC SELECTOR, TSS_A, TSS_SIZE - 1, %4
    %endif
    PUT word [TSS + TSS_LINK], %3
    SET_FLAGS NT
    FRAME_SAME %2, CS%2 | %2, 2
CODE
    iretd
.target:
EXPECT %5, %6
%endmacro
BACK_LINK link_null_is_ts, 0, 0, 0, TS, 0
BACK_LINK link_null_is_ts, 3, 0, 0, TS, 0
BACK_LINK link_in_the_ldt_is_ts, 3, SELECTOR | TI, 0, TS, SELECTOR | TI
BACK_LINK link_beyond_the_gdt_is_ts, 3, GDT_LIMIT + 1, 0, TS, GDT_LIMIT + 1
BACK_LINK link_to_an_available_tss_is_ts, 0, SELECTOR, PRESENT | TSS32_TYPE, TS, SELECTOR
BACK_LINK link_to_an_available_tss_is_ts, 3, SELECTOR, PRESENT | TSS32_TYPE, TS, SELECTOR
BACK_LINK link_to_an_available_16_bit_tss_is_ts, 3, SELECTOR, PRESENT | TSS16_TYPE, TS, SELECTOR
BACK_LINK link_to_data_is_ts, 3, SELECTOR, PRESENT | DPL(3) | DATA_RW, TS, SELECTOR
BACK_LINK link_to_an_ldt_is_ts, 3, SELECTOR, PRESENT | LDT_TYPE, TS, SELECTOR
BACK_LINK link_to_a_call_gate_is_ts, 3, SELECTOR, PRESENT | CALL_GATE32, TS, SELECTOR
BACK_LINK link_to_a_busy_tss_not_present_is_np, 0, SELECTOR, TSS32_BUSY, NP, SELECTOR
BACK_LINK link_to_a_busy_tss_not_present_is_np, 3, SELECTOR, TSS32_BUSY, NP, SELECTOR
BACK_LINK type_comes_before_presence, 3, SELECTOR, TSS32_TYPE, TS, SELECTOR
BACK_LINK limit_of_66h_is_ts, 3, SELECTOR, PRESENT | TSS32_BUSY, TS, SELECTOR, 0x66
BACK_LINK limit_of_2ah_is_ts_for_16_bits, 3, SELECTOR, PRESENT | TSS16_BUSY, TS, SELECTOR, 0x2a

CHECK iret.nested_returns_to_the_task, "SDM 2A IRET, 3A 7.3, 7.4"
    mov byte [GDT + TSS_A_SEL + 5], PRESENT | TSS32_BUSY
    PUT dword [TSS + TSS_LINK], TSS_A_SEL
    PUT dword [TSS_A + TSS_EIP], .target
    PUT dword [TSS_A + TSS_EFLAGS], 2 | SF
    PUT dword [TSS_A + TSS_EAX], 0x11111111
    PUT dword [TSS_A + TSS_ECX], 0x22222222
    PUT dword [TSS_A + TSS_EDX], 0x33333333
    PUT dword [TSS_A + TSS_EBX], 0x44444444
    PUT dword [TSS_A + TSS_ESP], STACK0_CHECK
    PUT dword [TSS_A + TSS_EBP], 0x55555555
    PUT dword [TSS_A + TSS_ESI], 0x66666666
    PUT dword [TSS_A + TSS_EDI], 0x77777777
    PUT dword [TSS_A + TSS_CS], CS0
    PUT dword [TSS_A + TSS_SS], DS0
    PUT dword [TSS_A + TSS_DS], DS3 | 3
    PUT dword [TSS_A + TSS_ES], DS1 | 1
    PUT dword [TSS_A + TSS_FS], DS2 | 2
    PUT dword [TSS_A + TSS_GS], 0
    SET_FLAGS NT
CODE
    iretd
.after:
    nop
.target:
EXPECT END
WANT tr, TSS_A_SEL
WANT ldtr, 0
WANT cs, CS0
WANT ss, DS0
WANT ds, DS3 | 3
WANT es, DS1 | 1
WANT fs, DS2 | 2
WANT gs, 0
WANT eflags, 2 | SF
WANT eax, 0x11111111
WANT ecx, 0x22222222
WANT edx, 0x33333333
WANT ebx, 0x44444444
WANT esp, STACK0_CHECK
WANT ebp, 0x55555555
WANT esi, 0x66666666
WANT edi, 0x77777777
or dword [want + S_cr0], CR0_TS
WANT_TYPE TSS_SEL, PRESENT | TSS32_TYPE
; the old task's state, with NT cleared in its image
WANT_MEMORY dword, TSS + TSS_EIP, .after
WANT_MEMORY dword, TSS + TSS_EFLAGS, START_FLAGS
WANT_MEMORY dword, TSS + TSS_EAX, 0xa1a2a3a4
WANT_MEMORY dword, TSS + TSS_ECX, 0xc1c2c3c4
WANT_MEMORY dword, TSS + TSS_EDX, 0xd1d2d3d4
WANT_MEMORY dword, TSS + TSS_EBX, 0xb1b2b3b4
WANT_MEMORY dword, TSS + TSS_ESP, STACK3
WANT_MEMORY dword, TSS + TSS_EBP, 0xe1e2e3e4
WANT_MEMORY dword, TSS + TSS_ESI, 0x51525354
WANT_MEMORY dword, TSS + TSS_EDI, 0x71727374
WANT_MEMORY word, TSS + TSS_ES, DS3 | 3
WANT_MEMORY word, TSS + TSS_CS, CS3 | 3
WANT_MEMORY word, TSS + TSS_SS, DS3 | 3
WANT_MEMORY word, TSS + TSS_DS, DS3 | 3
WANT_MEMORY word, TSS + TSS_FS, DS3 | 3
WANT_MEMORY word, TSS + TSS_GS, DS3 | 3

; ================ faults on the way change nothing ================

CHECK iret.frame_over_an_absent_page, "SDM 3A 4.7"
    PAGING P32
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
    PUT dword [PT_WINDOW], FRAME_A | PTE_ALL
    PUT dword [FRAME_A + 0xff8], .target
    PUT dword [FRAME_A + 0xffc], CS3 | 3
    SET esp, WINDOW + 0xff8
CODE
    iretd
.target:
EXPECT PF, 4
WANT cr2, WINDOW + 0x1000

CHECK iret.frame_over_a_supervisor_page, "SDM 3A 4.6"
    PAGING P32
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
    PUT dword [PT_WINDOW], FRAME_A | PTE_ALL
    PUT dword [PT_WINDOW + 4], FRAME_B | PTE_P | PTE_W | PTE_A | PTE_D
    PUT dword [FRAME_A + 0xff8], .target
    PUT dword [FRAME_A + 0xffc], CS3 | 3
    SET esp, WINDOW + 0xff8
CODE
    iretd
.target:
EXPECT PF, 5
WANT cr2, WINDOW + 0x1000

CHECK iret.gdt_is_read_as_a_supervisor, "SDM 3A 4.6"
    PAGING P32
    and dword [PT + 4 * 4], ~PTE_U
    FRAME_SAME 3, CS3 | 3, 2
CODE
    iretd
.target:
EXPECT END
WANT esp, STACK3
WANT eflags, 2

END_OF_CHECKS

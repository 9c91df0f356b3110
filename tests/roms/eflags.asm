; POPF, PUSHF, CLI and STI in every mode, at every CPL and IOPL, with VME and PVI: SDM 2A CLI, 2B STI, PUSHF, POPF,
; 3B 20.2.7, 20.3, 20.4.
%include "lib/rom.inc"

; Bits of EFLAGS that are always 0, and the one that is always 1
ALWAYS_0        equ 0xffc08028
ALWAYS_1        equ 2
STATUS          equ CF | PF | AF | ZF | SF | OF

; The stack top of a check: STACK_TOP mode, CPL -> stack_top
%macro STACK_TOP 2
    %ifidni %1, REAL
        %assign stack_top STACK0_CHECK
    %elifidni %1, V86
        %assign stack_top STACK3
    %elif %2 == 0
        %assign stack_top STACK0_CHECK
    %elif %2 == 1
        %assign stack_top STACK1
    %elif %2 == 2
        %assign stack_top STACK2
    %else
        %assign stack_top STACK3
    %endif
%endmacro

; EFLAGS at the start: bits and IOPL, beside VM
%macro START_EFLAGS 3  ; mode, IOPL, bits
    SET eflags, ALWAYS_1 | IOPL(%2) | (%3)
    %ifidni %1, V86
        SET_FLAGS VM
    %endif
%endmacro

; ================ POPF ================

; SDM 2B POPF, table 4-21: RF, VM, VIF and VIP never change, IOPL only at CPL 0, IF only with CPL <= IOPL, AC and ID
; only by POPFD. Bits that the processor lacks stay 0.
%macro POPF_IS 6  ; name, mode, CPL, IOPL, width, EFLAGS at the start, then the image
    IN %2, %3
    START_EFLAGS %2, %4, %6
    STACK_TOP %2, %3
    SET esp, stack_top - %5 / 8
    %assign popf_writes STATUS | DF | NT
    %if %3 == 0
        %assign popf_writes popf_writes | IF | IOPL(3)
    %elif %3 <= %4
        %assign popf_writes popf_writes | IF
    %endif
    %if %5 == 32
        %assign popf_writes popf_writes | AC
    %endif
%endmacro

%macro POPF_ONES 4  ; mode, CPL, IOPL, width
CHECK popf.ones_of_%4_bits_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2B POPF"
    POPF_IS 0, %1, %2, %3, %4, 0
    PUT dword [stack_top - %4 / 8], 0xffffffff & ~TF
CODE
    %if %4 == 32
        popfd
    %else
        popfw
    %endif
EXPECT END
WANT esp, stack_top
WANT_FLAGS popf_writes, 0
    %if %4 == 32
        test dword [features], FEATURE_CPUID
        jz %%no_id
        WANT_FLAGS ID, 0
%%no_id:
    %endif
%endmacro

%macro POPF_ZEROS 4
CHECK popf.zeros_of_%4_bits_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2B POPF"
    POPF_IS 0, %1, %2, %3, %4, STATUS | DF | NT | IF | AC
    test dword [features], FEATURE_CPUID
    jz %%no_id
    SET_FLAGS ID
%%no_id:
CODE
    %if %4 == 32
        popfd
    %else
        popfw
    %endif
EXPECT END
WANT esp, stack_top
WANT_FLAGS 0, popf_writes
    %if %4 == 32
        WANT_FLAGS 0, ID
    %endif
%endmacro

%macro POPF_ALL 3
    POPF_ONES %1, %2, %3, 32
    POPF_ONES %1, %2, %3, 16
    POPF_ZEROS %1, %2, %3, 32
    POPF_ZEROS %1, %2, %3, 16
%endmacro

%assign cpl 0
%rep 4
    %assign iopl 0
    %rep 4
        POPF_ALL PM32, %[cpl], %[iopl]
        %assign iopl iopl + 1
    %endrep
    %assign cpl cpl + 1
%endrep
POPF_ALL PM16, 0, 0
POPF_ALL PM16, 3, 0
POPF_ALL PM16, 3, 3
POPF_ALL V86, 3, 3
POPF_ALL REAL, 0, 0

; Only 16 bits are pushed in real-address mode: the others are seen by PUSHFD.
CHECK popf.ones_of_32_bits_in_real_mode_change_ac_and_id, "SDM 2B POPF"
    IN REAL
    NEEDS CPUID
CODE
    push dword 0xffffffff & ~TF
    popfd
    pushfd
    pop eax
EXPECT END
WANT_FLAGS STATUS | DF | NT | IF | IOPL(3), 0
WANT eax, ALWAYS_1 | STATUS | DF | NT | IF | IOPL(3) | AC | ID

CHECK popf.ones_of_16_bits_in_real_mode_keep_ac_and_id, "SDM 2B POPF"
    IN REAL
    NEEDS CPUID
CODE
    push word 0xffff & ~TF
    popfw
    pushfd
    pop eax
EXPECT END
WANT_FLAGS STATUS | DF | NT | IF | IOPL(3), 0
WANT eax, ALWAYS_1 | STATUS | DF | NT | IF | IOPL(3)

; VIF and VIP stay as they are at every CPL, set or clear (clear: above, with an image of ones).
%macro POPF_KEEPS_VIF_VIP 4  ; mode, CPL, IOPL, width
CHECK popf.zeros_of_%4_bits_keep_vif_and_vip_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2B POPF"
    NEEDS VME
    POPF_IS 0, %1, %2, %3, %4, STATUS | VIF | VIP
CODE
    %if %4 == 32
        popfd
    %else
        popfw
    %endif
EXPECT END
WANT esp, stack_top
WANT_FLAGS 0, popf_writes
%endmacro
%assign cpl 0
%rep 4
    POPF_KEEPS_VIF_VIP PM32, %[cpl], 0, 32
    POPF_KEEPS_VIF_VIP PM32, %[cpl], 3, 32
    POPF_KEEPS_VIF_VIP PM32, %[cpl], 0, 16
    %assign cpl cpl + 1
%endrep
POPF_KEEPS_VIF_VIP V86, 3, 3, 32
POPF_KEEPS_VIF_VIP V86, 3, 3, 16

; SDM 3B 20.4: PVI changes CLI and STI only.
%macro POPF_PVI 2  ; IOPL, width
CHECK popf.pvi_changes_nothing_for_%2_bits_with_iopl_%1, "SDM 3B 20.4"
    NEEDS VME
    SET_CR4 CR4_PVI
    POPF_IS 0, PM32, 3, %1, %2, 0
    PUT dword [stack_top - %2 / 8], STATUS | IF | DF
CODE
    %if %2 == 32
        popfd
    %else
        popfw
    %endif
EXPECT END
WANT esp, stack_top
WANT_FLAGS (STATUS | IF | DF) & popf_writes, 0
%endmacro
POPF_PVI 0, 32
POPF_PVI 2, 32
POPF_PVI 3, 32
POPF_PVI 0, 16
POPF_PVI 3, 16

; ---- virtual-8086 mode with IOPL < 3 ----

%macro POPF_V86_GP 3  ; name, IOPL, width, CR4 before
CHECK popf.v86_with_iopl_%1_is_gp_for_%2_bits_with_cr4_%3, "SDM 2B POPF"
    IN V86
    %if %3
        NEEDS VME
        SET_CR4 %3
    %endif
    START_EFLAGS V86, %1, CF
CODE
    %if %2 == 32
        popfd
    %else
        popfw
    %endif
EXPECT GP, 0
%endmacro
%assign iopl 0
%rep 3
    POPF_V86_GP %[iopl], 32, 0
    POPF_V86_GP %[iopl], 16, 0
    POPF_V86_GP %[iopl], 32, 1      ; VME does not help POPFD
    POPF_V86_GP %[iopl], 32, 3
    POPF_V86_GP %[iopl], 16, 2      ; PVI is not for virtual-8086 mode
    %assign iopl iopl + 1
%endrep

; With VME: the image's IF goes to VIF, IF and IOPL stay. VIP with IF in the image, and TF, are #GP(0).
%macro POPF_VME 6  ; name, IOPL, flags before, image, set afterwards, clear afterwards
CHECK popf.vme_%1_with_iopl_%2, "SDM 2B POPF, 3B 20.3"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    START_EFLAGS V86, %2, %3
    SET esp, STACK3 - 2
    PUT word [STACK3 - 2], %4
CODE
    popfw
EXPECT END
WANT esp, STACK3
WANT_FLAGS %5, %6
%endmacro
%macro POPF_VME_GP 4  ; name, IOPL, flags before, image
CHECK popf.vme_%1_is_gp_with_iopl_%2, "SDM 2B POPF, 3B 20.3"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    START_EFLAGS V86, %2, %3
    SET esp, STACK3 - 2
    PUT word [STACK3 - 2], %4
CODE
    popfw
EXPECT GP, 0
%endmacro
%assign iopl 0
%rep 3
    POPF_VME if_sets_vif_and_not_if, %[iopl], 0, IF, VIF, 0
    POPF_VME no_if_clears_vif_and_keeps_if, %[iopl], IF | VIF, 0, 0, VIF
    POPF_VME no_if_is_allowed_while_vip, %[iopl], VIP | CF, PF, PF, CF
    POPF_VME no_if_clears_vif_while_vip_waits_for_if, %[iopl], VIF, PF, PF, VIF
    POPF_VME ones_keep_iopl, %[iopl], 0, 0xffff & ~TF, STATUS | DF | NT | VIF, 0
    POPF_VME zeros_keep_iopl_ac_and_id, %[iopl], STATUS | DF | NT | AC | ID, 0, 0, STATUS | DF | NT
    POPF_VME_GP if_while_vip, %[iopl], VIP, IF
    POPF_VME_GP tf, %[iopl], 0, TF
    POPF_VME_GP tf_and_if, %[iopl], 0, TF | IF
    %assign iopl iopl + 1
%endrep

; With IOPL 3, VME has no say: IF itself, and neither VIP nor TF is looked at.
CHECK popf.vme_with_iopl_3_sets_if, "SDM 2B POPF"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    START_EFLAGS V86, 3, VIP
    SET esp, STACK3 - 2
    PUT word [STACK3 - 2], IF
CODE
    popfw
EXPECT END
WANT esp, STACK3
WANT_FLAGS IF, 0

; ---- the stack ----

CHECK popf.stack_beyond_the_limit_is_ss, "SDM 2B POPF"
    IN PM16, 3
    SET esp, 0xffff
CODE
    popfw
EXPECT SS, 0

CHECK popf.stack_half_beyond_the_limit_is_ss, "SDM 2B POPF"
    IN PM16, 3
    SET esp, 0xfffd
CODE
    popfd
EXPECT SS, 0

CHECK popf.stack_page_absent_is_pf, "SDM 2B POPF"
    PAGING P32
    SET esp, WINDOW + 0x10
CODE
    popfd
EXPECT PF, 4
WANT cr2, WINDOW + 0x10
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open

; ================ PUSHF ================

%macro PUSHF_CODE 1
    %if %1 == 32
        pushfd
    %else
        pushfw
    %endif
%endmacro

; The image has RF and VM clear (SDM 2B PUSHF); IOPL and IF as they are.
%macro PUSHF_IS 4  ; mode, CPL, IOPL, width
CHECK pushf.%4_bits_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2B PUSHF"
    IN %1, %2
    START_EFLAGS %1, %3, CF | ZF | SF | IF | DF | NT | AC | RF
CODE
    PUSHF_CODE %4
EXPECT END
    STACK_TOP %1, %2
    WANT_FLAGS 0, RF
    %assign image ALWAYS_1 | IOPL(%3) | CF | ZF | SF | IF | DF | NT | AC
    %if %4 == 32
        WANT_PUSHED dword, stack_top, image
    %else
        WANT_PUSHED word, stack_top, image & 0xffff
    %endif
%endmacro
%macro PUSHF_BOTH 3
    PUSHF_IS %1, %2, %3, 32
    PUSHF_IS %1, %2, %3, 16
%endmacro
%assign iopl 0
%rep 4
    PUSHF_BOTH PM32, 3, %[iopl]
    PUSHF_BOTH PM32, 0, %[iopl]
    %assign iopl iopl + 1
%endrep
PUSHF_BOTH PM32, 1, 0
PUSHF_BOTH PM32, 2, 1
PUSHF_BOTH PM16, 3, 0
PUSHF_BOTH PM16, 0, 0
PUSHF_BOTH V86, 3, 3
PUSHF_BOTH REAL, 0, 0
PUSHF_BOTH REAL, 0, 3

%macro PUSHF_VIF 2  ; width, CR4 before
CHECK pushf.%1_bits_with_vif_vip_id_and_cr4_%2, "SDM 2B PUSHF"
    NEEDS VME
    SET_CR4 %2
    SET eflags, ALWAYS_1 | VIP | ID
CODE
    PUSHF_CODE %1
EXPECT END
    %if %1 == 32
        WANT_PUSHED dword, STACK3, ALWAYS_1 | VIP | ID
    %else
        WANT_PUSHED word, STACK3, ALWAYS_1
    %endif
%endmacro
PUSHF_VIF 32, 0
PUSHF_VIF 16, 0
PUSHF_VIF 32, 2
PUSHF_VIF 16, 2

%macro PUSHF_V86_GP 3  ; IOPL, width, CR4 before
CHECK pushf.v86_with_iopl_%1_is_gp_for_%2_bits_with_cr4_%3, "SDM 2B PUSHF"
    IN V86
    %if %3
        NEEDS VME
        SET_CR4 %3
    %endif
    START_EFLAGS V86, %1, CF
CODE
    PUSHF_CODE %2
EXPECT GP, 0
%endmacro
%assign iopl 0
%rep 3
    PUSHF_V86_GP %[iopl], 32, 0
    PUSHF_V86_GP %[iopl], 16, 0
    PUSHF_V86_GP %[iopl], 32, 1
    PUSHF_V86_GP %[iopl], 16, 2
    %assign iopl iopl + 1
%endrep

; With VME the image has IOPL 3 and VIF in the place of IF.
%macro PUSHF_VME 4  ; name, IOPL, flags before, image
CHECK pushf.vme_%1_with_iopl_%2, "SDM 2B PUSHF, 3B 20.3"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    START_EFLAGS V86, %2, %3
CODE
    pushfw
EXPECT END
WANT_PUSHED word, STACK3, ALWAYS_1 | (%4)
%endmacro
%assign iopl 0
%rep 3
    PUSHF_VME vif_is_pushed_as_if, %[iopl], VIF, IOPL(3) | IF
    PUSHF_VME if_is_not_pushed, %[iopl], IF | CF, IOPL(3) | CF
    PUSHF_VME nothing_set_is_iopl_3, %[iopl], 0, IOPL(3)
    PUSHF_VME vip_is_not_seen, %[iopl], VIP | NT, IOPL(3) | NT
    %assign iopl iopl + 1
%endrep
PUSHF_VME iopl_3_pushes_if_itself, 3, IF, IOPL(3) | IF
PUSHF_VME iopl_3_does_not_push_vif, 3, VIF, IOPL(3)

CHECK pushf.stack_beyond_the_limit_is_ss, "SDM 2B PUSHF"
    DESC FREE, 0, STACK3 - 5, PRESENT | DPL(3) | DATA_RW, BIG
    SET ss, FREE | 3
CODE
    pushfd
EXPECT SS, 0

CHECK pushf.stack_wraps_with_16_bits, "SDM 2B PUSHF"
    IN PM16, 3
    DESC FREE, DATA2 - 0xfffe, 0xffff, PRESENT | DPL(3) | DATA_RW
    SET ss, FREE | 3
CODE
    mov esp, 0x12340000
    pushfw
EXPECT END
WANT esp, 0x1234fffe
WANT_MEMORY word, DATA2, START_FLAGS

; ================ CLI, STI ================

; Protected mode: IF when CPL <= IOPL, #GP(0) otherwise.
%macro CLI_STI 3  ; mode, CPL, IOPL
    %if %2 <= %3
CHECK cli.clears_if_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2A CLI"
    IN %1, %2
    START_EFLAGS %1, %3, CF | IF
CODE
    cli
EXPECT END
WANT_FLAGS 0, IF
CHECK sti.sets_if_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2B STI"
    IN %1, %2
    START_EFLAGS %1, %3, CF
CODE
    sti
EXPECT END
WANT_FLAGS IF, 0
    %else
CHECK cli.gp_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2A CLI"
    IN %1, %2
    START_EFLAGS %1, %3, CF | IF
CODE
    cli
EXPECT GP, 0
CHECK sti.gp_in_%1_at_cpl_%2_with_iopl_%3, "SDM 2B STI"
    IN %1, %2
    START_EFLAGS %1, %3, CF
CODE
    sti
EXPECT GP, 0
    %endif
%endmacro
%assign cpl 0
%rep 4
    %assign iopl 0
    %rep 4
        CLI_STI PM32, %[cpl], %[iopl]
        %assign iopl iopl + 1
    %endrep
    %assign cpl cpl + 1
%endrep
CLI_STI PM16, 0, 0
CLI_STI PM16, 3, 2
CLI_STI PM16, 3, 3
CLI_STI V86, 3, 0
CLI_STI V86, 3, 1
CLI_STI V86, 3, 2
CLI_STI V86, 3, 3
CLI_STI REAL, 0, 0

; VME and PVI: VIF in the place of IF at CPL 3 with IOPL < 3
%macro CLI_STI_VIRTUAL 3  ; mode, CR4 before, IOPL
CHECK cli.clears_vif_in_%1_with_cr4_%2_and_iopl_%3, "SDM 2A CLI"
    IN %1, 3
    NEEDS VME
    SET_CR4 %2
    START_EFLAGS %1, %3, IF | VIF
CODE
    cli
EXPECT END
WANT_FLAGS 0, VIF
CHECK cli.clears_clear_vif_in_%1_with_cr4_%2_and_iopl_%3_while_vip, "SDM 2A CLI"
    IN %1, 3
    NEEDS VME
    SET_CR4 %2
    START_EFLAGS %1, %3, IF | VIP
CODE
    cli
EXPECT END
CHECK sti.sets_vif_in_%1_with_cr4_%2_and_iopl_%3, "SDM 2B STI"
    IN %1, 3
    NEEDS VME
    SET_CR4 %2
    START_EFLAGS %1, %3, 0
CODE
    sti
EXPECT END
WANT_FLAGS VIF, 0
CHECK sti.gp_while_vip_in_%1_with_cr4_%2_and_iopl_%3, "SDM 2B STI"
    IN %1, 3
    NEEDS VME
    SET_CR4 %2
    START_EFLAGS %1, %3, VIP
CODE
    sti
EXPECT GP, 0
%endmacro
%assign iopl 0
%rep 3
    CLI_STI_VIRTUAL V86, 1, %[iopl]
    CLI_STI_VIRTUAL PM32, 2, %[iopl]
    CLI_STI_VIRTUAL PM32, 3, %[iopl]
    %assign iopl iopl + 1
%endrep
CLI_STI_VIRTUAL PM16, 2, 0
CLI_STI_VIRTUAL V86, 3, 0

; ... and where they have no say
%macro CLI_STI_NOT_VIRTUAL 4  ; mode, CPL, CR4 before, IOPL
    %if %2 <= %4
CHECK cli.clears_if_and_not_vif_in_%1_at_cpl_%2_with_cr4_%3_and_iopl_%4, "SDM 2A CLI"
    IN %1, %2
    NEEDS VME
    SET_CR4 %3
    START_EFLAGS %1, %4, IF | VIF
CODE
    cli
EXPECT END
WANT_FLAGS 0, IF
CHECK sti.sets_if_and_not_vif_in_%1_at_cpl_%2_with_cr4_%3_and_iopl_%4_while_vip, "SDM 2B STI"
    IN %1, %2
    NEEDS VME
    SET_CR4 %3
    START_EFLAGS %1, %4, VIP
CODE
    sti
EXPECT END
WANT_FLAGS IF, 0
    %else
CHECK cli.gp_in_%1_at_cpl_%2_with_cr4_%3_and_iopl_%4, "SDM 2A CLI"
    IN %1, %2
    NEEDS VME
    SET_CR4 %3
    START_EFLAGS %1, %4, IF | VIF
CODE
    cli
EXPECT GP, 0
CHECK sti.gp_in_%1_at_cpl_%2_with_cr4_%3_and_iopl_%4, "SDM 2B STI"
    IN %1, %2
    NEEDS VME
    SET_CR4 %3
    START_EFLAGS %1, %4, 0
CODE
    sti
EXPECT GP, 0
    %endif
%endmacro
CLI_STI_NOT_VIRTUAL V86, 3, 1, 3
CLI_STI_NOT_VIRTUAL V86, 3, 2, 0    ; PVI is not for virtual-8086 mode, VME for nothing else
CLI_STI_NOT_VIRTUAL V86, 3, 2, 2
CLI_STI_NOT_VIRTUAL PM32, 3, 1, 0
CLI_STI_NOT_VIRTUAL PM32, 3, 1, 2
CLI_STI_NOT_VIRTUAL PM32, 3, 2, 3
CLI_STI_NOT_VIRTUAL PM32, 0, 2, 0
CLI_STI_NOT_VIRTUAL PM32, 1, 2, 0   ; PVI serves CPL 3 alone
CLI_STI_NOT_VIRTUAL PM32, 2, 2, 1
CLI_STI_NOT_VIRTUAL PM32, 2, 3, 0

%macro FLAGS_LOCK 2  ; instruction, mode
CHECK %1.lock_is_ud_in_%2, "SDM 2A LOCK"
    IN %2, 3
    SET_FLAGS IOPL(3)
CODE
    db 0xf0
    %1
EXPECT UD
%endmacro
FLAGS_LOCK cli, PM32
FLAGS_LOCK sti, PM32
FLAGS_LOCK cli, V86
FLAGS_LOCK sti, V86

; The opcode is looked at before the privilege.
CHECK cli.lock_is_ud_before_gp, "SDM 3A 6.9"
CODE
    db 0xf0
    cli
EXPECT UD

END_OF_CHECKS

; SYSENTER and SYSEXIT: SDM 2B SYSENTER, 2B SYSEXIT, 3A 5.8.7.
%include "lib/rom.inc"

; A check of SYSENTER that lands at .entry with CS = %1 (the MSR's value without its RPL) and ESP = STACK0
%macro SYSENTER_MSRS 1-2 STACK0
    NEEDS SEP
    MSR MSR_SYSENTER_CS, %1
    MSR MSR_SYSENTER_ESP, %2
    MSR MSR_SYSENTER_EIP, .entry
%endmacro

; What SYSENTER itself changes; interrupts stay off
%macro WANT_SYSENTER 1-2 STACK0
    WANT cs, (%1) & 0xfffc
    WANT ss, (((%1) & 0xfffc) + 8) & 0xffff
    WANT esp, %2
    WANT_FLAGS 0, VM | IF | RF
%endmacro

; ================ SYSENTER: faults ================

%macro SYSENTER_FAULTS 4  ; mode, CPL, name, IA32_SYSENTER_CS
CHECK sysenter.%3, "SDM 2B SYSENTER"
    IN %1, %2
    SYSENTER_MSRS %4
CODE
    sysenter
.entry:
EXPECT GP, 0
%endmacro

%assign cs_msr 0
%rep 4
    %assign cpl 0
    %rep 4
        SYSENTER_FAULTS PM32, cpl, cs_msr_%[cs_msr]_is_gp_from_cpl_%[cpl], cs_msr
        %assign cpl cpl + 1
    %endrep
    SYSENTER_FAULTS V86, 3, cs_msr_%[cs_msr]_is_gp_from_v86, cs_msr
    %assign cs_msr cs_msr + 1
%endrep
SYSENTER_FAULTS PM16, 3, cs_msr_3_is_gp_from_16_bit_code, 3

CHECK sysenter.cs_msr_bits_above_15_do_not_count, "SDM 2B SYSENTER"
    SYSENTER_MSRS 0x30000           ; SDM 4: bits 31:16 are not used
CODE
    sysenter
.entry:
EXPECT GP, 0

CHECK sysenter.real_mode_is_gp, "SDM 2B SYSENTER"
    IN REAL
    SYSENTER_MSRS CS0
CODE
    sysenter
.entry:
EXPECT GP

CHECK sysenter.real_mode_is_gp_whatever_the_cs_msr, "SDM 2B SYSENTER"
    IN REAL
    SYSENTER_MSRS 0
CODE
    sysenter
.entry:
EXPECT GP

%macro LOCK_SYSENTER 3  ; mode, CPL, IA32_SYSENTER_CS
CHECK sysenter.lock_is_ud_in_%1_at_cpl_%2_with_cs_msr_%3, "SDM 2B SYSENTER"
    IN %1, %2
    SYSENTER_MSRS %3
CODE
    db 0xf0
    sysenter
.entry:
EXPECT UD
%endmacro
LOCK_SYSENTER PM32, 3, 8
LOCK_SYSENTER PM32, 0, 8
LOCK_SYSENTER PM32, 3, 0            ; the opcode is looked at before the MSR
LOCK_SYSENTER PM16, 3, 8
LOCK_SYSENTER V86, 3, 8
LOCK_SYSENTER REAL, 0, 8

%macro WITHOUT_SEP 3  ; name, mode, CPL
CHECK sysenter.without_sep_%1_is_ud_in_%2_at_cpl_%3, "SDM 2B SYSENTER"
    IN %2, %3
    WITHOUT SEP
CODE
    %1
EXPECT UD
%endmacro
WITHOUT_SEP sysenter, PM32, 3
WITHOUT_SEP sysenter, PM32, 0
WITHOUT_SEP sysenter, V86, 3
WITHOUT_SEP sysenter, REAL, 0
WITHOUT_SEP sysexit, PM32, 3
WITHOUT_SEP sysexit, PM32, 0
WITHOUT_SEP sysexit, REAL, 0

; ================ SYSENTER: CS, SS, EIP, ESP ================

%macro SYSENTER_SELECTOR 2  ; name, IA32_SYSENTER_CS
CHECK sysenter.%1, "SDM 2B SYSENTER"
    SYSENTER_MSRS %2
CODE
    sysenter
.entry:
EXPECT END
WANT_SYSENTER %2
%endmacro
SYSENTER_SELECTOR cs_msr_4_is_a_selector, 4
SYSENTER_SELECTOR cs_msr_7_is_selector_4, 7
SYSENTER_SELECTOR cs_msr_8, 8
SYSENTER_SELECTOR cs_msr_9_loses_its_rpl, 9
SYSENTER_SELECTOR cs_msr_11_loses_its_rpl, 11
SYSENTER_SELECTOR cs_may_be_beyond_the_gdt, 0x4560
SYSENTER_SELECTOR ss_wraps_to_0_and_is_no_null_segment, 0xfff8
SYSENTER_SELECTOR ss_wraps_to_4, 0xfffc
SYSENTER_SELECTOR ss_wraps_with_rpl_in_the_msr, 0xffff

CHECK sysenter.selector_uses_16_bits_of_the_msr, "SDM 2B SYSENTER"
    SYSENTER_MSRS 0x12340008
CODE
    sysenter
.entry:
EXPECT END
WANT_SYSENTER 8

%macro SYSENTER_FROM 2
CHECK sysenter.from_%1_at_cpl_%2, "SDM 2B SYSENTER"
    IN %1, %2
    SYSENTER_MSRS CS0
CODE
    sysenter
    bits 32
.entry:
    mov eax, 0x12345678             ; D = 1: five bytes
EXPECT LANDED, .end
WANT_SYSENTER CS0
WANT eax, 0x12345678
%endmacro
%assign cpl 0
%rep 4
    SYSENTER_FROM PM32, %[cpl]
    SYSENTER_FROM PM16, %[cpl]
    %assign cpl cpl + 1
%endrep
SYSENTER_FROM V86, 3

CHECK sysenter.from_v86_with_iopl_3, "SDM 2B SYSENTER"
    IN V86
    SYSENTER_MSRS CS0
    SET_FLAGS IOPL(3)
CODE
    sysenter
.entry:
EXPECT LANDED, .end
WANT_SYSENTER CS0

%macro SYSENTER_PREFIX 2  ; name, prefix
CHECK sysenter.prefix_%1_changes_nothing, "SDM 2B SYSENTER"
    SYSENTER_MSRS CS0
CODE
    db %2
    sysenter
.entry:
EXPECT END
WANT_SYSENTER CS0
%endmacro
SYSENTER_PREFIX operand_size, 0x66
SYSENTER_PREFIX address_size, 0x67
SYSENTER_PREFIX segment, 0x2e

CHECK sysenter.descriptors_are_not_read_code, "SDM 2B SYSENTER"
    DESC FREE, 0x12345, 0, PRESENT | DPL(3) | DATA_R
    DESC FREE + 8, 0x12345, 0, DPL(2) | CODE_XR
    SYSENTER_MSRS FREE
CODE
    sysenter
.entry:
    push eax
EXPECT END
WANT_SYSENTER FREE
WANT_PUSHED dword, STACK0, 0xa1a2a3a4

CHECK sysenter.descriptors_beyond_the_gdt_limit_are_not_read, "SDM 2B SYSENTER"
    IN PM32, 0
    SYSENTER_MSRS FREE
    SET gdtlimit, DS0 + 7
CODE
    sysenter
.entry:
    push eax
EXPECT END
WANT_SYSENTER FREE
WANT_PUSHED dword, STACK0, 0xa1a2a3a4

CHECK sysenter.accessed_bits_are_not_written, "SDM 2B SYSENTER"
    DESC FREE, 0, 0xfffff, PRESENT | CODE_XR, BIG | PAGES_4K
    DESC FREE + 8, 0, 0xfffff, PRESENT | DATA_RW, BIG | PAGES_4K
    SYSENTER_MSRS FREE
CODE
    sysenter
.entry:
EXPECT END
WANT_SYSENTER FREE

CHECK sysenter.cs_base_is_0, "SDM 2B SYSENTER"
    IN PM16, 3                      ; left with base F0000h
    SYSENTER_MSRS CODE16_0
CODE
    sysenter
    bits 32
.entry:
    mov eax, [cs:.data]
EXPECT LANDED, .end
    jmp .wanted
.data:
    dd 0x55667788
.wanted:
WANT_SYSENTER CODE16_0
WANT eax, 0x55667788

; The reset vector: a far jump (EAh, offset, F000h)
CHECK sysenter.cs_limit_is_4g_and_it_is_readable, "SDM 2B SYSENTER"
    SYSENTER_MSRS CS0
CODE
    sysenter
.entry:
    mov eax, [cs:0xfffffff0]
EXPECT END
WANT_SYSENTER CS0
WANT eax, (OFF16(real_start) << 8) | 0xea

; Type 11 is execute/read, accessed; SDM 3A 3.4.5.1 has no code segment that can be written in protected mode.
CHECK sysenter.cs_is_not_writable, "SDM 2B SYSENTER, 3A 5.5"
    SYSENTER_MSRS CS0
CODE
    sysenter
.entry:
    AT
    mov [cs:DATA], eax
EXPECT GP, 0
WANT_SYSENTER CS0
WANT_FLAGS RF, 0

CHECK sysenter.ss_base_is_0, "SDM 2B SYSENTER"
    DESC FREE, 0x1000, 0xfffff, PRESENT | DPL(3) | DATA_RW | ACCESSED, BIG | PAGES_4K
    SYSENTER_MSRS CS0
    SET ss, FREE | 3
    SET esp, STACK3 - 0x1000
CODE
    sysenter
.entry:
    push eax
EXPECT END
WANT_SYSENTER CS0
WANT_PUSHED dword, STACK0, 0xa1a2a3a4

CHECK sysenter.ss_is_32_bits_wide, "SDM 2B SYSENTER"
    IN PM16, 3
    SYSENTER_MSRS CS0, 0x60000
CODE
    sysenter
    bits 32
.entry:
    push eax
    pop ebx
EXPECT LANDED, .end
WANT_SYSENTER CS0, 0x60000
WANT ebx, 0xa1a2a3a4

CHECK sysenter.ss_limit_is_4g, "SDM 2B SYSENTER"
    IN PM16, 3
    SYSENTER_MSRS CS0
CODE
    sysenter
    bits 32
.entry:
    mov eax, [ss:0xfffffff0]
EXPECT LANDED, .end
WANT_SYSENTER CS0
WANT eax, (OFF16(real_start) << 8) | 0xea

CHECK sysenter.ss_is_writable, "SDM 2B SYSENTER"
    SYSENTER_MSRS CS0
CODE
    sysenter
.entry:
    mov [ss:DATA + 4], eax
EXPECT END
WANT_SYSENTER CS0
WANT_MEMORY dword, DATA + 4, 0xa1a2a3a4

CHECK sysenter.cpl_is_0_afterwards, "SDM 2B SYSENTER"
    SYSENTER_MSRS CS0
CODE
    sysenter
.entry:
    mov eax, cr2
EXPECT END
WANT_SYSENTER CS0
WANT eax, 0x2c2c2c2c

CHECK sysenter.esp_and_eip_are_not_checked, "SDM 2B SYSENTER"
    SYSENTER_MSRS CS0, 0xfffffffd   ; an odd ESP at the very end
CODE
    sysenter
.entry:
    mov eax, esp
    mov esp, STACK0
EXPECT END
WANT_SYSENTER CS0
WANT eax, 0xfffffffd

; ================ SYSENTER: EFLAGS ================

%macro SYSENTER_KEEPS 3  ; name, mode, flags
CHECK sysenter.%1_in_%2, "SDM 2B SYSENTER"
    IN %2, 3
    SYSENTER_MSRS CS0
    SET eflags, 2
    SET_FLAGS %3
    %ifidni %2, V86
        SET_FLAGS VM
    %endif
CODE
    sysenter
.entry:
EXPECT LANDED, .end
WANT_SYSENTER CS0
%endmacro
%macro SYSENTER_KEEPS_IN_ALL 2
    SYSENTER_KEEPS %1, PM32, %2
    SYSENTER_KEEPS %1, V86, %2
%endmacro
SYSENTER_KEEPS_IN_ALL no_flag_is_set, 0
SYSENTER_KEEPS_IN_ALL cf_is_kept, CF
SYSENTER_KEEPS_IN_ALL pf_is_kept, PF
SYSENTER_KEEPS_IN_ALL af_is_kept, AF
SYSENTER_KEEPS_IN_ALL zf_is_kept, ZF
SYSENTER_KEEPS_IN_ALL sf_is_kept, SF
SYSENTER_KEEPS_IN_ALL of_is_kept, OF
SYSENTER_KEEPS_IN_ALL df_is_kept, DF
SYSENTER_KEEPS_IN_ALL if_is_cleared, IF
SYSENTER_KEEPS_IN_ALL iopl_1_is_kept, IOPL(1)
SYSENTER_KEEPS_IN_ALL iopl_2_is_kept, IOPL(2)
SYSENTER_KEEPS_IN_ALL iopl_3_is_kept, IOPL(3)
SYSENTER_KEEPS_IN_ALL nt_is_kept, NT
SYSENTER_KEEPS_IN_ALL rf_is_cleared, RF
SYSENTER_KEEPS_IN_ALL ac_is_kept, AC
SYSENTER_KEEPS_IN_ALL vif_is_kept, VIF
SYSENTER_KEEPS_IN_ALL vip_is_kept, VIP
SYSENTER_KEEPS_IN_ALL id_is_kept, ID
SYSENTER_KEEPS_IN_ALL all_at_once, CF | PF | AF | ZF | SF | OF | DF | IF | IOPL(3) | NT | AC | ID

; SDM 3B 17.3.1.4: the trap comes after the instruction, that is at the entry, and its handler finds TF in the image.
%macro SYSENTER_TF 2
CHECK sysenter.tf_traps_at_the_entry_from_%1_at_cpl_%2, "SDM 3B 17.3.1.4"
    IN %1, %2
    SYSENTER_MSRS CS0
    SET_FLAGS TF | IF
CODE
    sysenter
.entry:
    nop
EXPECT DB
WANT_SYSENTER CS0
WANT eip, .entry
WANT dr6, DR6_START | DR6_BS
%endmacro
%assign cpl 0
%rep 4
    SYSENTER_TF PM32, %[cpl]
    %assign cpl cpl + 1
%endrep
SYSENTER_TF PM16, 3
SYSENTER_TF V86, 3

CHECK sysenter.fault_with_tf_does_not_trap, "SDM 3A 6.9"
    SYSENTER_MSRS 0
    SET_FLAGS TF
CODE
    sysenter
.entry:
EXPECT GP, 0

CHECK sysenter.pending_interrupt_waits_for_if, "SDM 2B SYSENTER"
    SYSENTER_MSRS CS0
    REQUEST_IRQ0
CODE
    sysenter
.entry:
    nop
    nop
    AT
    sti
    nop
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_SYSENTER CS0
WANT_FLAGS IF, 0
WANT eip, .at + 2

; SDM 2A STI: the instruction after STI still runs; it is SYSENTER, which clears IF: the interrupt stays pending.
CHECK sysenter.in_the_sti_shadow_shuts_the_interrupt_out, "SDM 2A STI"
    IN PM32, 0
    SYSENTER_MSRS CS0
    REQUEST_IRQ0
CODE
    sti
    sysenter
.entry:
    nop
EXPECT END
WANT_SYSENTER CS0

; ================ SYSENTER: other segments, memory ================

CHECK sysenter.data_segments_are_kept, "SDM 2B SYSENTER"
    DESC FREE, DATA, 0x1f, PRESENT | DPL(3) | DATA_RW | ACCESSED
    PUT dword [DATA + 0x1c], 0x11223344
    SYSENTER_MSRS CS0
    SET ds, FREE | 3
    SET fs, 0
CODE
    sysenter
.entry:
    mov eax, [0x1c]
    AT
    mov ebx, [0x1d]                 ; the limit is kept too
EXPECT GP, 0
WANT_SYSENTER CS0
WANT_FLAGS RF, 0
WANT eax, 0x11223344

CHECK sysenter.v86_segments_keep_base, "SDM 2B SYSENTER"
    IN V86
    PUT dword [DATA + 0x1c], 0x11223344
    PUT dword [DATA2 + 0x1c], 0x55667788
    SYSENTER_MSRS CS0
CODE
    sysenter
    bits 32
.entry:
    mov eax, [0x1c]
    mov ebx, [fs:0x1c]
EXPECT LANDED, .end
WANT_SYSENTER CS0
WANT eax, 0x11223344
WANT ebx, 0x55667788

CHECK sysenter.v86_segments_keep_limit, "SDM 2B SYSENTER"
    IN V86
    SYSENTER_MSRS CS0
CODE
    sysenter
    bits 32
.entry:
    mov eax, [0xfffd]
EXPECT GP, 0
WANT_SYSENTER CS0
WANT_FLAGS RF, 0
WANT eip, .entry

CHECK sysenter.target_page_absent_is_a_supervisor_fetch, "SDM 3A 4.7"
    PAGING P32
    SYSENTER_MSRS CS0
    MSR MSR_SYSENTER_EIP, WINDOW + 0x123
CODE
    sysenter
.entry:
EXPECT PF, 0
WANT_SYSENTER CS0
WANT_FLAGS RF, 0
WANT eip, WINDOW + 0x123
WANT cr2, WINDOW + 0x123
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open

CHECK sysenter.target_may_be_a_supervisor_page, "SDM 3A 4.6"
    PAGING P32
    SYSENTER_MSRS CS0
    MSR MSR_SYSENTER_EIP, WINDOW
    PUT dword [PT_WINDOW], FRAME_A | PTE_P
    PUT word [FRAME_A], 0x0b0f
CODE
    sysenter
.entry:
EXPECT LANDED, WINDOW
WANT_SYSENTER CS0
WANT_MEMORY dword, PT_WINDOW, FRAME_A | PTE_P | PTE_A
WANT_MEMORY dword, PD + 4, PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A

CHECK sysenter.stack_page_is_not_touched, "SDM 2B SYSENTER"
    PAGING P32
    SYSENTER_MSRS CS0, WINDOW + 0x1000
CODE
    sysenter
.entry:
    mov eax, esp
    mov esp, STACK0
EXPECT END
WANT_SYSENTER CS0
WANT eax, WINDOW + 0x1000

CHECK sysenter.msrs_are_kept, "SDM 2B SYSENTER"
    SYSENTER_MSRS CS0 | 3
CODE
    sysenter
.entry:
    mov ecx, MSR_SYSENTER_CS
    rdmsr
    mov ebx, eax
    mov ecx, MSR_SYSENTER_ESP
    rdmsr
    mov esi, eax
    mov ecx, MSR_SYSENTER_EIP
    rdmsr
EXPECT END
WANT_SYSENTER CS0
WANT ebx, CS0 | 3
WANT esi, STACK0
WANT eax, .entry
WANT edx, 0
WANT ecx, MSR_SYSENTER_EIP

; ================ SYSEXIT: faults ================

%macro SYSEXIT_START 1  ; IA32_SYSENTER_CS
    NEEDS SEP
    MSR MSR_SYSENTER_CS, %1
    SET edx, .target
    SET ecx, STACK3
%endmacro
%macro WANT_SYSEXIT 1
    WANT cs, (((%1) + 16) | 3) & 0xffff
    WANT ss, (((%1) + 24) | 3) & 0xffff
    WANT esp, STACK3
%endmacro

%macro SYSEXIT_FAULTS 3  ; mode, CPL, IA32_SYSENTER_CS
CHECK sysexit.gp_in_%1_at_cpl_%2_with_cs_msr_%3, "SDM 2B SYSEXIT"
    IN %1, %2
    SYSEXIT_START %3
CODE
    sysexit
.target:
EXPECT GP, 0
%endmacro
%assign cpl 0
%rep 4
    %assign cs_msr 0
    %rep 4
        SYSEXIT_FAULTS PM32, %[cpl], %[cs_msr]
        %assign cs_msr cs_msr + 1
    %endrep
    %if cpl
        SYSEXIT_FAULTS PM32, %[cpl], 8
        SYSEXIT_FAULTS PM16, %[cpl], 8
    %endif
    %assign cpl cpl + 1
%endrep
SYSEXIT_FAULTS V86, 3, 0
SYSEXIT_FAULTS V86, 3, 8
SYSEXIT_FAULTS PM16, 0, 3

CHECK sysexit.gp_in_v86_with_iopl_3, "SDM 2B SYSEXIT"
    IN V86
    SYSEXIT_START 8
    SET_FLAGS IOPL(3)
CODE
    sysexit
.target:
EXPECT GP, 0

CHECK sysexit.gp_in_real_mode, "SDM 2B SYSEXIT"
    IN REAL
    SYSEXIT_START 8
CODE
    sysexit
.target:
EXPECT GP

CHECK sysexit.cs_msr_bits_above_15_do_not_count, "SDM 2B SYSEXIT"
    IN PM32, 0
    SYSEXIT_START 0x50003
CODE
    sysexit
.target:
EXPECT GP, 0

%macro LOCK_SYSEXIT 3
CHECK sysexit.lock_is_ud_in_%1_at_cpl_%2_with_cs_msr_%3, "SDM 2B SYSEXIT"
    IN %1, %2
    SYSEXIT_START %3
CODE
    db 0xf0
    sysexit
.target:
EXPECT UD
%endmacro
LOCK_SYSEXIT PM32, 0, 8
LOCK_SYSEXIT PM32, 0, 0
LOCK_SYSEXIT PM32, 3, 8
LOCK_SYSEXIT V86, 3, 8
LOCK_SYSEXIT REAL, 0, 8

; ================ SYSEXIT: where it goes ================

%macro SYSEXIT_SELECTOR 2  ; name, IA32_SYSENTER_CS
CHECK sysexit.%1, "SDM 2B SYSEXIT"
    IN PM32, 0
    SYSEXIT_START %2
CODE
    sysexit
.target:
    push eax
    pop ebx
EXPECT END
WANT_SYSEXIT %2
WANT ebx, 0xa1a2a3a4
WANT_MEMORY dword, STACK3 - 4, 0xa1a2a3a4
%endmacro
SYSEXIT_SELECTOR cs_msr_8, 8
SYSEXIT_SELECTOR cs_msr_4, 4
SYSEXIT_SELECTOR cs_msr_11_keeps_its_low_bits, 11
SYSEXIT_SELECTOR cs_msr_beyond_the_gdt, 0x4560
SYSEXIT_SELECTOR ss_wraps, 0xffe8
SYSEXIT_SELECTOR cs_wraps, 0xfff0
SYSEXIT_SELECTOR cs_wraps_to_12, 0xfffc
SYSEXIT_SELECTOR cs_msr_ffff, 0xffff

CHECK sysexit.from_16_bit_code, "SDM 2B SYSEXIT"
    IN PM16, 0
    SYSEXIT_START CS0
CODE
    sysexit
    bits 32
.target:
    mov eax, 0x12345678
EXPECT LANDED, .end
WANT_SYSEXIT CS0
WANT eax, 0x12345678

%macro SYSEXIT_PREFIX 2
CHECK sysexit.prefix_%1_changes_nothing, "SDM 2B SYSEXIT"
    IN PM32, 0
    SYSEXIT_START CS0
CODE
    db %2
    sysexit
.target:
EXPECT END
WANT_SYSEXIT CS0
%endmacro
SYSEXIT_PREFIX operand_size, 0x66
SYSEXIT_PREFIX address_size, 0x67

CHECK sysexit.descriptors_are_not_read, "SDM 2B SYSEXIT"
    IN PM32, 0
    DESC FREE + 16, 0x12345, 0, DATA_R
    DESC FREE + 24, 0x12345, 0, CODE_XR
    SYSEXIT_START FREE
CODE
    sysexit
.target:
    push eax
    pop ebx
EXPECT END
WANT_SYSEXIT FREE
WANT ebx, 0xa1a2a3a4
WANT_MEMORY dword, STACK3 - 4, 0xa1a2a3a4

CHECK sysexit.accessed_bits_are_not_written, "SDM 2B SYSEXIT"
    IN PM32, 0
    DESC FREE + 16, 0, 0xfffff, PRESENT | DPL(3) | CODE_XR, BIG | PAGES_4K
    DESC FREE + 24, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    SYSEXIT_START FREE
CODE
    sysexit
.target:
EXPECT END
WANT_SYSEXIT FREE

CHECK sysexit.cs_limit_is_4g_and_it_is_readable, "SDM 2B SYSEXIT"
    IN PM16, 0
    SYSEXIT_START CS0
CODE
    sysexit
    bits 32
.target:
    mov eax, [cs:0xfffffff0]
EXPECT LANDED, .end
WANT_SYSEXIT CS0
WANT eax, (OFF16(real_start) << 8) | 0xea

CHECK sysexit.cs_is_not_writable, "SDM 2B SYSEXIT"
    IN PM32, 0
    SYSEXIT_START CS0
CODE
    sysexit
.target:
    AT
    mov [cs:DATA], eax
EXPECT GP, 0
WANT_SYSEXIT CS0

CHECK sysexit.ss_is_32_bits_wide_with_base_0, "SDM 2B SYSEXIT"
    IN PM16, 0
    SYSEXIT_START CS0
    SET ecx, 0x60000
CODE
    sysexit
    bits 32
.target:
    push eax
    mov ebx, [ss:0x5fffc]
    pop eax
EXPECT LANDED, .end
WANT_SYSEXIT CS0
WANT esp, 0x60000
WANT ebx, 0xa1a2a3a4

CHECK sysexit.cpl_is_3_afterwards, "SDM 2B SYSEXIT"
    IN PM32, 0
    SYSEXIT_START CS0
CODE
    sysexit
.target:
    AT
    mov eax, cr2
EXPECT GP, 0
WANT_SYSEXIT CS0

CHECK sysexit.esp_and_eip_are_not_checked, "SDM 2B SYSEXIT"
    IN PM32, 0
    SYSEXIT_START CS0
    SET ecx, 0xfffffffd
CODE
    sysexit
.target:
    nop
EXPECT END
WANT_SYSEXIT CS0
WANT esp, 0xfffffffd

; Unlike IRET and RET, SYSEXIT looks at no data segment: one of DPL 0 stays, and the privileged program has it.
CHECK sysexit.data_segments_of_dpl_0_are_kept, "SDM 2B SYSEXIT"
    IN PM32, 0
    PUT dword [DATA + 8], 0x99aabbcc
    SYSEXIT_START CS0
CODE
    sysexit
.target:
    mov eax, [ds:DATA + 8]
    mov ebx, [fs:DATA + 8]
EXPECT END
WANT_SYSEXIT CS0
WANT eax, 0x99aabbcc
WANT ebx, 0x99aabbcc

; ================ SYSEXIT: EFLAGS, traps, interrupts ================

%macro SYSEXIT_KEEPS 2
CHECK sysexit.%1, "SDM 2B SYSEXIT"
    IN PM32, 0
    SYSEXIT_START CS0
    SET eflags, 2 | (%2)
CODE
    sysexit
.target:
EXPECT END
WANT_SYSEXIT CS0
%endmacro
SYSEXIT_KEEPS no_flag_is_set, 0
SYSEXIT_KEEPS arithmetic_flags_are_kept, CF | PF | AF | ZF | SF | OF
SYSEXIT_KEEPS df_is_kept, DF
SYSEXIT_KEEPS if_is_kept, IF
SYSEXIT_KEEPS iopl_1_is_kept, IOPL(1)
SYSEXIT_KEEPS iopl_3_is_kept, IOPL(3)
SYSEXIT_KEEPS nt_is_kept, NT
SYSEXIT_KEEPS ac_is_kept, AC
SYSEXIT_KEEPS vif_is_kept, VIF
SYSEXIT_KEEPS vip_is_kept, VIP
SYSEXIT_KEEPS id_is_kept, ID

CHECK sysexit.tf_traps_at_the_target, "SDM 3B 17.3.1.4"
    IN PM32, 0
    SYSEXIT_START CS0
    SET_FLAGS TF
CODE
    sysexit
.target:
    nop
EXPECT DB
WANT_SYSEXIT CS0
WANT eip, .target
WANT dr6, DR6_START | DR6_BS

CHECK sysexit.sti_shadow_covers_it, "SDM 2A STI"
    IN PM32, 0
    SYSEXIT_START CS0
    REQUEST_IRQ0
CODE
    sti
    sysexit
.target:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_SYSEXIT CS0
WANT_FLAGS IF, 0
WANT eip, .target

CHECK sysexit.interrupt_before_it_when_if_was_set_earlier, "SDM 2A STI"
    IN PM32, 0
    SYSEXIT_START CS0
    REQUEST_IRQ0
CODE
    sti
    nop
.interrupted:
    sysexit
.target:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
WANT eip, .interrupted

CHECK sysexit.target_page_is_a_user_fetch, "SDM 3A 4.7"
    IN PM32, 0
    PAGING P32
    SYSEXIT_START CS0
    SET edx, WINDOW + 0x10
    PUT dword [PT_WINDOW], FRAME_A | PTE_P | PTE_A
    PUT dword [PD + 4], PT_WINDOW | PTE_P | PTE_W | PTE_U | PTE_A
CODE
    sysexit
.target:
EXPECT PF, 5
WANT_SYSEXIT CS0
WANT eip, WINDOW + 0x10
WANT cr2, WINDOW + 0x10

CHECK sysexit.back_and_forth, "SDM 2B SYSENTER, SYSEXIT"
    SYSENTER_MSRS CS0
CODE
    mov ecx, esp
    mov edx, .back
    sysenter
.entry:
    sysexit
.back:
    nop
EXPECT END
WANT edx, .back
WANT ecx, STACK3

END_OF_CHECKS

; System instructions and control registers: who may use them, what the registers refuse, what they keep.
; SDM 2A/2B of each instruction, 3A 2.5, 2.8, 4.4.1, 5.9. The registers of tables and tasks: system_registers.asm.
%include "lib/rom.inc"

SELECTOR        equ FREE

; ================ privileged instructions (SDM 3A 5.9) ================

; EDI points to DATA in 32-bit code and is 0 elsewhere; DS is such that [edi] is DATA.
%macro PRIVILEGED_IN 4  ; name, code, mode, CPL
CHECK privilege.%1_in_%3_at_cpl_%4_is_gp, "SDM 3A 5.9"
    IN %3, %4
    SET_FLAGS IOPL(3)               ; IOPL gives no right to it
    %ifidni %3, V86
        SET edi, 0
    %else
        SET edi, DATA
    %endif
    SET eax, 0
    PUT word [DATA], GDT_LIMIT
    PUT dword [DATA + 2], GDT
CODE
    %2
EXPECT GP, 0
%endmacro
%macro PRIVILEGED 2
    PRIVILEGED_IN %1, {%2}, PM32, 1
    PRIVILEGED_IN %1, {%2}, PM32, 2
    PRIVILEGED_IN %1, {%2}, PM32, 3
    PRIVILEGED_IN %1, {%2}, PM16, 3
    PRIVILEGED_IN %1, {%2}, V86, 3
%endmacro
PRIVILEGED hlt, hlt
PRIVILEGED clts, clts
PRIVILEGED lgdt, {lgdt [edi]}
PRIVILEGED lidt, {lidt [edi]}
PRIVILEGED lmsw_of_a_register, lmsw ax
PRIVILEGED lmsw_of_memory, {lmsw [edi]}
PRIVILEGED mov_from_cr0, {mov eax, cr0}
PRIVILEGED mov_from_cr2, {mov eax, cr2}
PRIVILEGED mov_from_cr3, {mov eax, cr3}
PRIVILEGED mov_to_cr0, {mov cr0, eax}
PRIVILEGED mov_to_cr2, {mov cr2, eax}
PRIVILEGED mov_to_cr3, {mov cr3, eax}
PRIVILEGED mov_from_dr0, {mov eax, dr0}
PRIVILEGED mov_from_dr6, {mov eax, dr6}
PRIVILEGED mov_from_dr7, {mov eax, dr7}
PRIVILEGED mov_to_dr0, {mov dr0, eax}
PRIVILEGED mov_to_dr6, {mov dr6, eax}
PRIVILEGED mov_to_dr7, {mov dr7, eax}

%macro PRIVILEGED_FEATURE 3
%assign cpl 1
%rep 3
CHECK privilege.%1_in_PM32_at_cpl_%[cpl]_is_gp, "SDM 3A 5.9"
    IN PM32, cpl
    NEEDS %3
    SET edi, DATA
    SET eax, 0
CODE
    %2
EXPECT GP, 0
%assign cpl cpl + 1
%endrep
CHECK privilege.%1_in_V86_at_cpl_3_is_gp, "SDM 3A 5.9"
    IN V86
    NEEDS %3
    SET edi, 0
    SET eax, 0
CODE
    %2
EXPECT GP, 0
%endmacro
PRIVILEGED_FEATURE invd, invd, I486
PRIVILEGED_FEATURE wbinvd, wbinvd, I486
PRIVILEGED_FEATURE invlpg, {invlpg [edi]}, I486
PRIVILEGED_FEATURE mov_from_cr4, {mov eax, cr4}, CR4
PRIVILEGED_FEATURE mov_to_cr4, {mov cr4, eax}, CR4

; ================ LOCK ================

%macro LOCKED 2
CHECK control.lock_%1_is_ud, "SDM 2A LOCK"
    IN PM32, 0
    SET edi, DATA
    SET eax, 0
CODE
    db 0xf0
    %2
EXPECT UD
%endmacro
LOCKED hlt, hlt
LOCKED clts, clts
LOCKED lgdt, {lgdt [edi]}
LOCKED lidt, {lidt [edi]}
LOCKED sgdt, {sgdt [edi]}
LOCKED smsw, {smsw [edi]}
LOCKED lmsw, {lmsw [edi]}
LOCKED lldt, {lldt [edi]}
LOCKED ltr, {ltr [edi]}
LOCKED sldt, {sldt [edi]}
LOCKED str, {str [edi]}
LOCKED mov_to_dr7, {mov dr7, eax}
LOCKED mov_to_cr3, {mov cr3, eax}

CHECK control.invlpg_of_a_register_is_ud, "SDM 2A INVLPG"
    IN PM32, 0
    NEEDS I486
CODE
    db 0x0f, 0x01, 0xff
EXPECT UD

CHECK control.invlpg_asks_no_permission, "SDM 2A INVLPG"
    IN PM32, 0
    NEEDS I486
    PAGING P32
CODE
    invlpg [WINDOW]                 ; no page there
EXPECT END

; ================ CR0 ================

; %2 is or-ed to CR0 and %3 cleared
%macro CR0_REFUSES 4
CHECK control.cr0_%1_is_gp, "SDM 2A MOV CRn, 3A 2.5"
    IN %4, 0
    SET eax, 0
    mov eax, [before + S_cr0]
    or eax, %2
    and eax, ~(%3)
    mov [before + S_eax], eax
CODE
    mov cr0, eax
EXPECT GP, 0
%endmacro
CR0_REFUSES pg_without_pe_in_protected_mode, CR0_PG, CR0_PE, PM32
CHECK control.cr0_pg_without_pe_in_real_mode_is_gp, "SDM 2A MOV CRn"
    IN REAL
    SET eax, CR0_PG | CR0_ET
CODE
    mov cr0, eax
EXPECT GP
CR0_REFUSES nw_without_cd, CR0_NW, CR0_CD, PM32

; CR0 = the framework's, with bits set and cleared; back at once, so that the capture finds its own
%macro CR0_TAKES 4  ; name, set, clear, feature
CHECK control.cr0_%1, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS %4
    mov eax, [before + S_cr0]
    or eax, %2
    and eax, ~(%3)
    mov [before + S_eax], eax
CODE
    mov cr0, eax
    mov ebx, cr0
EXPECT END
mov eax, [before + S_eax]
mov [want + S_ebx], eax
mov [want + S_cr0], eax
%endmacro
CR0_TAKES mp_set, CR0_MP, 0, I486
CR0_TAKES em_set, CR0_EM, 0, I486
CR0_TAKES ts_set, CR0_TS, 0, I486
CR0_TAKES ne_set, CR0_NE, 0, I486
CR0_TAKES wp_set, CR0_WP, 0, I486
CR0_TAKES am_set, CR0_AM, 0, I486
CR0_TAKES cd_and_nw_cleared, 0, CR0_CD | CR0_NW, I486
CR0_TAKES cd_set_alone, CR0_CD, CR0_NW, I486
CR0_TAKES all_at_once, CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM, 0, I486

CHECK control.cr0_et_is_fixed, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS P6
    mov eax, [before + S_cr0]
    and eax, ~CR0_ET
    mov [before + S_eax], eax
CODE
    mov cr0, eax
    mov ebx, cr0
EXPECT END
mov eax, [want + S_cr0]
mov [want + S_ebx], eax

CHECK control.clts_clears_ts_only, "SDM 2A CLTS"
    IN PM32, 0
    SET_CR0 CR0_TS | CR0_MP
CODE
    clts
EXPECT END
and dword [want + S_cr0], ~CR0_TS

CHECK control.clts_in_real_mode, "SDM 2A CLTS"
    IN REAL
    SET_CR0 CR0_TS
CODE
    clts
EXPECT END
and dword [want + S_cr0], ~CR0_TS

; LMSW changes bits 3:0 and cannot clear PE.
%macro LMSW_CHECK 4  ; name, operand, set, cleared
CHECK control.lmsw_%1, "SDM 2A LMSW"
    IN PM32, 0
    SET eax, %2
CODE
    lmsw ax
EXPECT END
or dword [want + S_cr0], %3
and dword [want + S_cr0], ~(%4)
%endmacro
LMSW_CHECK cannot_clear_pe, 0, 0, 0
LMSW_CHECK sets_mp, 2, CR0_MP, 0
LMSW_CHECK sets_em, 4, CR0_EM, 0
LMSW_CHECK sets_ts, 8, CR0_TS, 0
LMSW_CHECK leaves_the_other_bits, 0xfff0, 0, 0

CHECK control.lmsw_clears_ts_em_mp, "SDM 2A LMSW"
    IN PM32, 0
    SET_CR0 CR0_TS | CR0_EM | CR0_MP
    SET eax, 1
CODE
    lmsw ax
EXPECT END
and dword [want + S_cr0], ~(CR0_TS | CR0_EM | CR0_MP)

CHECK control.lmsw_of_memory_reads_a_word, "SDM 2A LMSW"
    IN PM32, 0
    DESC SELECTOR, DATA, 1, PRESENT | DATA_RW | ACCESSED, BIG
    PUT word [DATA], 3
    SET ds, SELECTOR
CODE
    lmsw [0]
EXPECT END
or dword [want + S_cr0], CR0_MP

; ---- encodings ----
CHECK control.mov_cr_ignores_the_mod_field, "SDM 2A MOV CRn"
    IN PM32, 0
CODE
    db 0x0f, 0x20, 0x13             ; mod = 0, CR2, EBX
EXPECT END
WANT ebx, 0x2c2c2c2c

CHECK control.mov_cr_is_always_32_bits, "SDM 2A MOV CRn"
    IN PM16, 0
CODE
    mov ebx, cr2
EXPECT END
WANT ebx, 0x2c2c2c2c

CHECK control.mov_cr_takes_an_operand_size_prefix, "SDM 2A MOV CRn"
    IN PM32, 0
CODE
    db 0x66
    mov ebx, cr2
EXPECT END
WANT ebx, 0x2c2c2c2c

%macro NO_CR 1
CHECK control.mov_from_cr%1_is_ud, "SDM 2A MOV CRn"
    IN PM32, 0
CODE
    db 0x0f, 0x20, 0xc0 | %1 << 3
EXPECT UD

CHECK control.mov_to_cr%1_is_ud, "SDM 2A MOV CRn"
    IN PM32, 0
CODE
    db 0x0f, 0x22, 0xc0 | %1 << 3
EXPECT UD
%endmacro
NO_CR 1
NO_CR 5
NO_CR 6
NO_CR 7

; ================ CR4 ================

CHECK control.cr4_before_the_pentium_is_ud, "SDM 2A MOV CRn"
    IN PM32, 0
    WITHOUT CR4
CODE
    mov eax, cr4
EXPECT UD

%macro CR4_BIT 3  ; name, bit, feature: 0 when no processor of this project has it
%if %2 >= 0
CHECK control.cr4_%1_is_taken, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS CR4, %3
    SET eax, 1 << %2
CODE
    mov cr4, eax
    mov ebx, cr4
EXPECT END
WANT ebx, 1 << %2
WANT cr4, 1 << %2

CHECK control.cr4_%1_without_the_feature_is_gp, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS CR4
    WITHOUT %3
    SET eax, 1 << %2
CODE
    mov cr4, eax
EXPECT GP, 0
%endif
%endmacro
CR4_BIT vme, 0, VME
CR4_BIT pvi, 1, VME
CR4_BIT tsd, 2, TSC
CR4_BIT de, 3, DE
CR4_BIT pse, 4, PSE
CR4_BIT pae, 5, PAE
CR4_BIT mce, 6, MCE
CR4_BIT pge, 7, PGE
CR4_BIT pce, 8, P6
CR4_BIT osfxsr, 9, FXSR
CR4_BIT osxmmexcpt, 10, SSE

; Bits that no processor before 64-bit mode has. VMXE and SMXE (13, 14) may be there.
%macro CR4_RESERVED 1
CHECK control.cr4_bit_%1_is_gp, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS CR4
    SET eax, 1 << %1
CODE
    mov cr4, eax
EXPECT GP, 0
%endmacro
CR4_RESERVED 11
CR4_RESERVED 12
%assign bit 15
%rep 17
    CR4_RESERVED %[bit]
    %assign bit bit + 1
%endrep

; ================ CR3 and the PDPTEs (SDM 3A 4.4.1) ================

%define PDPT2 (PAE_PDPT + 32)

%macro PDPTE_CHECK 4  ; name, entry 1, its high half, is it refused?
CHECK control.pdpte_%1, "SDM 3A 4.4.1"
    IN PM32, 0
    PAGING PAE
    PUT dword [PDPT2], PAE_PD | PTE_P
    PUT dword [PDPT2 + 8], %2
    PUT dword [PDPT2 + 12], %3
    SET eax, PDPT2
CODE
    mov cr3, eax
%if %4
EXPECT GP, 0
%else
EXPECT END
WANT cr3, PDPT2
%endif
%endmacro
PDPTE_CHECK valid_is_taken, PAE_PD | PTE_P, 0, 0
PDPTE_CHECK pwt_and_pcd_are_taken, PAE_PD | PTE_P | PTE_PWT | PTE_PCD, 0, 0
PDPTE_CHECK available_bits_are_taken, PAE_PD | PTE_P | 0xe00, 0, 0
PDPTE_CHECK absent_may_hold_anything, 0xfffffffe, 0xffffffff, 0
%macro PDPTE_RESERVED 1
    PDPTE_CHECK bit_%1_is_gp, PAE_PD | PTE_P | 1 << %1, 0, 1
%endmacro
PDPTE_RESERVED 1
PDPTE_RESERVED 2
PDPTE_RESERVED 5
PDPTE_RESERVED 6
PDPTE_RESERVED 7
PDPTE_RESERVED 8
PDPTE_CHECK bit_52_is_gp, PAE_PD | PTE_P, 1 << 20, 1
PDPTE_CHECK bit_63_is_gp, PAE_PD | PTE_P, 1 << 31, 1

CHECK control.pdptes_are_read_when_pg_is_set, "SDM 3A 4.4.1"
    IN PM32, 0
    NEEDS PAE
    SET_CR4 CR4_PAE
    SET cr3, PDPT2
    mov edi, PAGES
    mov ecx, (PAGES_END - PAGES) / 4
    xor eax, eax
    rep stosd
    PUT dword [PDPT2], PAE_PD | PTE_P | PTE_U
    mov eax, [before + S_cr0]
    or eax, CR0_PG
    mov [before + S_eax], eax
CODE
    mov cr0, eax
EXPECT GP, 0

CHECK control.cr3_is_read_back, "SDM 3A 4.3"
    IN PM32, 0
    SET eax, 0x12345000 | PTE_PWT | PTE_PCD
CODE
    mov cr3, eax
    mov ebx, cr3
EXPECT END
WANT ebx, 0x12345000 | PTE_PWT | PTE_PCD
WANT cr3, 0x12345000 | PTE_PWT | PTE_PCD

CHECK control.cr2_is_read_back, "SDM 3A 2.5"
    IN PM32, 0
    SET eax, 0x89abcdef
CODE
    mov cr2, eax
    mov ebx, cr2
EXPECT END
WANT ebx, 0x89abcdef
WANT cr2, 0x89abcdef

END_OF_CHECKS

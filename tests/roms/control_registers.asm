; MOV to and from control registers, LMSW, CLTS, and what their bits forbid: SDM 3A 2.5, 4.1, 4.4.1, 2A MOV.
%include "lib/rom.inc"
%include "lib/paging.inc"

; ================ CR0 ================

; Bits %2 set and %3 cleared in CR0
%macro CR0_FAULTS 3
CHECK control.cr0_%1_is_gp, "SDM 2A MOV, 3A 2.5"
    IN PM32, 0
    NEEDS I486
    mov eax, [cr0_framework]
    and eax, ~(%3)
    or eax, %2
    SET eax, eax
CODE
    mov cr0, eax
EXPECT GP, 0
%endmacro
CR0_FAULTS pg_without_pe, CR0_PG, CR0_PE
CR0_FAULTS pg_without_pe_with_everything_else, CR0_PG | CR0_WP | CR0_AM | CR0_NE | CR0_TS, CR0_PE
CR0_FAULTS nw_without_cd, CR0_NW, CR0_CD
CR0_FAULTS nw_without_cd_with_pg, CR0_NW | CR0_PG, CR0_CD

%macro CR0_TAKES 3  ; name, set, cleared
CHECK control.cr0_%1_is_taken, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS I486
    mov eax, [cr0_framework]
    and eax, ~(%3)
    or eax, %2
    SET eax, eax
CODE
    mov cr0, eax
    mov ecx, cr0
EXPECT END
mov eax, [want + S_eax]
or al, CR0_ET
WANT cr0, eax
WANT ecx, eax
%endmacro
CR0_TAKES mp, CR0_MP, 0
CR0_TAKES em, CR0_EM, 0
CR0_TAKES ts, CR0_TS, 0
CR0_TAKES ne, CR0_NE, 0
CR0_TAKES wp, CR0_WP, 0
CR0_TAKES am, CR0_AM, 0
CR0_TAKES cd, CR0_CD, CR0_NW
CR0_TAKES cd_and_nw, CR0_CD | CR0_NW, 0
CR0_TAKES neither_cd_nor_nw, 0, CR0_CD | CR0_NW
CR0_TAKES all_of_them, CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM, 0
CHECK control.cr0_et_is_always_one, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS I486
    mov eax, [cr0_framework]
    and al, ~CR0_ET
    SET eax, eax
CODE
    mov cr0, eax
    mov ecx, cr0
EXPECT END
mov eax, [want + S_cr0]
WANT ecx, eax

; ---- LMSW, CLTS ----
%macro LMSW 4  ; name, value, bits before, bits of CR0 afterwards beside PE
CHECK control.lmsw_%1, "SDM 2A LMSW"
    IN PM32, 0
    SET_CR0 %3
    SET eax, 0xffff0000 | (%2)
CODE
    lmsw ax
EXPECT END
mov eax, [want + S_cr0]
and al, ~(CR0_MP | CR0_EM | CR0_TS)
or al, %4
WANT cr0, eax
%endmacro
LMSW cannot_clear_pe, 0, 0, 0
LMSW clears_mp_em_ts, 0, CR0_MP | CR0_EM | CR0_TS, 0
LMSW sets_mp, CR0_MP | CR0_PE, 0, CR0_MP
LMSW sets_em, CR0_EM, 0, CR0_EM
LMSW sets_ts, CR0_TS, 0, CR0_TS
LMSW changes_no_other_bit, 0xfff0, CR0_TS, 0
LMSW keeps_paging_out, 0xffff, 0, CR0_MP | CR0_EM | CR0_TS

CHECK control.lmsw_of_memory, "SDM 2A LMSW"
    IN PM32, 0
    PUT word [DATA], CR0_TS | CR0_MP
CODE
    lmsw [DATA]
EXPECT END
or dword [want + S_cr0], CR0_TS | CR0_MP

CHECK control.clts_clears_ts_alone, "SDM 2A CLTS"
    IN PM32, 0
    SET_CR0 CR0_TS | CR0_MP | CR0_EM
CODE
    clts
EXPECT END
and dword [want + S_cr0], ~CR0_TS

; ================ CR2, CR3 ================

CHECK control.cr2_takes_everything, "SDM 3A 2.5"
    IN PM32, 0
    SET eax, 0xfedcba98
CODE
    mov cr2, eax
    mov ecx, cr2
EXPECT END
WANT cr2, 0xfedcba98
WANT ecx, 0xfedcba98

CHECK control.cr3_takes_base_pwt_and_pcd, "SDM 3A 4.3"
    IN PM32, 0
    SET eax, 0x87654018
CODE
    mov cr3, eax
    mov ecx, cr3
EXPECT END
WANT cr3, 0x87654018
WANT ecx, 0x87654018

; ================ CR4 ================

%macro CR4_BIT 3  ; name, bit, feature
CHECK control.cr4_%1_is_taken, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS CR4, %3
    SET eax, %2
CODE
    mov cr4, eax
    mov ecx, cr4
EXPECT END
WANT cr4, %2
WANT ecx, %2

CHECK control.cr4_%1_without_the_feature_is_gp, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS CR4
    WITHOUT %3
    SET eax, %2
CODE
    mov cr4, eax
EXPECT GP, 0
%endmacro
CR4_BIT vme, CR4_VME, VME
CR4_BIT pvi, CR4_PVI, VME
CR4_BIT tsd, CR4_TSD, TSC
CR4_BIT de, CR4_DE, DE
CR4_BIT pse, CR4_PSE, PSE
CR4_BIT pae, CR4_PAE, PAE
CR4_BIT mce, CR4_MCE, MCE
CR4_BIT pge, CR4_PGE, PGE
CR4_BIT pce, CR4_PCE, P6
CR4_BIT osfxsr, CR4_OSFXSR, FXSR
CR4_BIT osxmmexcpt, CR4_OSXMMEXCPT, SSE

%macro CR4_RESERVED 1
CHECK control.cr4_reserved_bit_%1_is_gp, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS CR4
    SET eax, 1 << %1
CODE
    mov cr4, eax
EXPECT GP, 0
%endmacro
CR4_RESERVED 12
CR4_RESERVED 15
CR4_RESERVED 19
CR4_RESERVED 24
CR4_RESERVED 27
CR4_RESERVED 30
CR4_RESERVED 31
CHECK control.cr4_reserved_bit_beside_good_ones_is_gp, "SDM 3A 2.5"
    IN PM32, 0
    NEEDS CR4, PSE
    SET eax, CR4_PSE | 1 << 31
CODE
    mov cr4, eax
EXPECT GP, 0

; ================ which registers, which privilege ================

%macro MOV_CR 4  ; to|from, number, mode, CPL
CHECK control.mov_%1_cr%2_is_ud_in_%3_at_cpl_%4, "SDM 2A MOV"
    IN %3, %4
CODE
    %ifidni %1, to
        db 0x0f, 0x22, 0xc0 + %2 * 8
    %else
        db 0x0f, 0x20, 0xc0 + %2 * 8
    %endif
EXPECT UD
%endmacro
%assign number 5
%rep 3
    MOV_CR to, %[number], PM32, 0
    MOV_CR from, %[number], PM32, 0
    MOV_CR from, %[number], REAL, 0
    %assign number number + 1
%endrep
MOV_CR to, 1, PM32, 0
MOV_CR from, 1, PM32, 0
MOV_CR from, 1, REAL, 0

%macro MOV_CR_GP 3  ; number, CPL, needed
CHECK control.mov_to_cr%1_is_gp_at_cpl_%2, "SDM 2A MOV"
    IN PM32, %2
    NEEDS %3
    SET eax, 0
CODE
    mov cr%1, eax
EXPECT GP, 0
CHECK control.mov_from_cr%1_is_gp_at_cpl_%2, "SDM 2A MOV"
    IN PM32, %2
    NEEDS %3
CODE
    mov eax, cr%1
EXPECT GP, 0
%endmacro
%assign cpl 1
%rep 3
    MOV_CR_GP 0, %[cpl], I486
    MOV_CR_GP 2, %[cpl], I486
    MOV_CR_GP 3, %[cpl], I486
    MOV_CR_GP 4, %[cpl], CR4
    %assign cpl cpl + 1
%endrep

CHECK control.mov_cr_has_no_memory_form, "SDM 2A MOV"
    IN PM32, 0
    SET edi, 0xffffffff
CODE
    db 0x0f, 0x20, 0x17             ; ModRM says [EDI]: the mod bits do not count. MOV EDI, CR2
EXPECT END
WANT edi, 0x2c2c2c2c

CHECK control.mov_cr_moves_32_bits_whatever_the_operand_size, "SDM 2A MOV"
    IN PM16, 0
    SET eax, 0x12345678
CODE
    mov cr2, eax
    mov ecx, cr2
EXPECT END
WANT cr2, 0x12345678
WANT ecx, 0x12345678

%macro CR_LOCK 2+
CHECK control.lock_%1_is_ud, "SDM 2A LOCK"
    IN PM32, 0
CODE
    db 0xf0
    %2
EXPECT UD
%endmacro
CR_LOCK mov_to_cr2, mov cr2, edx
CR_LOCK mov_from_cr2, mov eax, cr2
CR_LOCK clts, clts
CR_LOCK lmsw, lmsw ax
CR_LOCK lgdt, lgdt [DATA]
CR_LOCK hlt, hlt

; ================ directory pointers of PAE ================

%macro PDPTE_CR3 4  ; name, low, high, 1 when it is refused
CHECK control.mov_to_cr3_with_pdpte_%1, "SDM 3A 4.4.1, 2A MOV"
    IN PM32, 0
    PAGING PAE
    SET ecx, PAE_PDPT + 0x20
    mov esi, PAE_PDPT
    mov edi, PAE_PDPT + 0x20
    mov ecx, 2
    rep movsd
    PUT dword [PAE_PDPT + 0x28], %2
    PUT dword [PAE_PDPT + 0x2c], %3
CODE
    mov cr3, ecx
    %if %4
EXPECT GP, 0
    %else
EXPECT END
WANT cr3, PAE_PDPT + 0x20
    %endif
%endmacro
PDPTE_CR3 reserved_bit_1, PTE_P | 2, 0, 1
PDPTE_CR3 reserved_bit_2, PTE_P | 4, 0, 1
PDPTE_CR3 reserved_bit_5, PTE_P | 0x20, 0, 1
PDPTE_CR3 reserved_bit_6, PTE_P | 0x40, 0, 1
PDPTE_CR3 reserved_bit_7, PTE_P | 0x80, 0, 1
PDPTE_CR3 reserved_bit_8, PTE_P | 0x100, 0, 1
PDPTE_CR3 reserved_bit_52, PTE_P, 1 << 20, 1
PDPTE_CR3 reserved_bit_62, PTE_P, 1 << 30, 1
PDPTE_CR3 reserved_bit_63, PTE_P, 1 << 31, 1
PDPTE_CR3 absent_and_all_reserved_bits, 0xfffffffe, 0xffffffff, 0
PDPTE_CR3 pwt_and_pcd, PAE_PD | PTE_P | PTE_PWT | PTE_PCD, 0, 0
PDPTE_CR3 bits_for_software, PAE_PD | PTE_P | 0xe00, 0, 0

; Without paging CR3 may point to anything; the entries are read when PG is set
CHECK control.pg_with_a_bad_pdpte_is_gp, "SDM 3A 4.4.1"
    IN PM32, 0
    NEEDS PAE
    SET_CR4 CR4_PAE
    SET cr3, DATA
    PUT dword [DATA], 0
    PUT dword [DATA + 8], PTE_P | 2
    mov eax, [cr0_framework]
    or eax, CR0_PG
    SET eax, eax
CODE
    mov cr0, eax
EXPECT GP, 0

CHECK control.pae_with_a_bad_pdpte_is_gp, "SDM 3A 4.4.1"
    IN PM32, 0
    NEEDS PAE
    PAGING P32
    PUT dword [PD + 8], PTE_P | 0x20    ; entry 1 of PAE's, when CR3 stays
    SET eax, CR4_PAE
CODE
    mov cr4, eax
EXPECT GP, 0

CHECK control.pge_with_a_bad_pdpte_is_gp, "SDM 3A 4.4.1"
    IN PM32, 0
    NEEDS PAE, PGE
    PAGING PAE
    SET eax, CR4_PAE | CR4_PGE
CODE
    mov dword [PAE_PDPT + 8], PTE_P | 2
    AT
    mov cr4, eax
EXPECT GP, 0
WANT_MEMORY dword, PAE_PDPT + 8, PTE_P | 2

; ---- last, because a processor that takes this is lost ----
%macro CR0_PAGED_FAULTS 3  ; format, name, bits cleared: paging stays on
CHECK control.cr0_%2_with_%1_paging_is_gp, "SDM 2A MOV"
    IN PM32, 0
    PAGING %1
    mov eax, [cr0_framework]
    or eax, CR0_PG
    and eax, ~(%3)
    SET eax, eax
CODE
    mov cr0, eax
EXPECT GP, 0
%endmacro
CR0_PAGED_FAULTS P32, without_pe, CR0_PE
CR0_PAGED_FAULTS PAE, without_pe, CR0_PE

END_OF_CHECKS

; LAR, LSL, VERR, VERW: SDM 2A, 2B, 3A 5.10.
%include "lib/rom.inc"

; ================ LAR, LSL, VERR, VERW ================
; One check asks all four about the selector in ECX: EAX and ESI take what LAR and LSL store, DL, DH, BL, BH their ZF.

%macro ASK_ALL 0
    lar eax, ecx
    setz dl
    lsl esi, ecx
    setz dh
    verr cx
    setz bl
    verw cx
    setz bh
%endmacro

%macro WANT_ANSWERS 6  ; LAR's ZF and value, LSL's ZF and value, VERR's, VERW's ZF
    %if %1
        WANT eax, %2
    %endif
    %if %3
        WANT esi, %4
    %endif
    WANT edx, 0xd1d20000 | (%1) | (%3) << 8
    WANT ebx, 0xb1b20000 | (%5) | (%6) << 8
    %if %6
        WANT_FLAGS ZF, 0
    %else
        WANT_FLAGS 0, ZF
    %endif
%endmacro

; The descriptor FREE with limit 5432h. LAR's bits 19:16 would be undefined; they are the limit's, which are zero.
%macro VERIFY 8  ; name, CPL, RPL, access byte, LAR, LSL, VERR, VERW
CHECK verify.%1_with_rpl_%3_at_cpl_%2, "SDM 2A LAR, LSL, 2B VERR"
    IN PM32, %2
    DESC FREE, 0x87654321, 0x5432, %4, BIG
    SET ecx, 0x77770000 | FREE | (%3)
CODE
    ASK_ALL
EXPECT END
WANT_ANSWERS %5, 0x00400000 | ((%4) << 8), %6, 0x5432, %7, %8
%endmacro

; ---- every type, present and absent: presence is not asked ----
%assign type 0
%rep 32
    %assign segment (type >> 4) & 1
    ; S = 1: all. S = 0: TSS and LDT have access rights and limits, call and task gates have access rights.
    %assign has_rights segment || type == 1 || type == 2 || type == 3 || type == 4 || type == 5 || type == 9 || type == 0xb || type == 0xc
    %assign has_limit segment || type == 1 || type == 2 || type == 3 || type == 9 || type == 0xb
    %assign is_read segment && ((type & 8) == 0 || (type & 2))
    %assign is_written segment && (type & 8) == 0 && (type & 2)
    VERIFY type_%[type], 3, 3, PRESENT | DPL(3) | type, has_rights, has_limit, is_read, is_written
    VERIFY absent_type_%[type], 0, 0, DPL(0) | type, has_rights, has_limit, is_read, is_written
    %assign type type + 1
%endrep

; ---- privilege ----
%assign cpl 0
%rep 4
    %assign dpl 0
    %rep 4
        %assign rpl 0
        %rep 4
            %assign fits dpl >= cpl && dpl >= rpl
            VERIFY data_of_dpl_%[dpl], %[cpl], %[rpl], PRESENT | DPL(dpl) | DATA_RW, fits, fits, fits, fits
            %if cpl == 0 || cpl == 3 || rpl == 0
                VERIFY code_of_dpl_%[dpl], %[cpl], %[rpl], PRESENT | DPL(dpl) | CODE_XR, fits, fits, fits, 0
            %endif
            %if (cpl == 3 || rpl == 3) && dpl != 3
                VERIFY conforming_code_of_dpl_%[dpl], %[cpl], %[rpl], PRESENT | DPL(dpl) | CODE_CONFORMING_R, 1, 1, 1, 0
                VERIFY ldt_of_dpl_%[dpl], %[cpl], %[rpl], PRESENT | DPL(dpl) | LDT_TYPE, fits, fits, 0, 0
                VERIFY call_gate_of_dpl_%[dpl], %[cpl], %[rpl], PRESENT | DPL(dpl) | CALL_GATE32, fits, 0, 0, 0
            %endif
            %assign rpl rpl + 1
        %endrep
        %assign dpl dpl + 1
    %endrep
    %assign cpl cpl + 1
%endrep

; ---- the selector ----
%macro VERIFY_NOTHING 2  ; name, selector: no descriptor there
CHECK verify.%1, "SDM 2A LAR, LSL, 2B VERR"
    DECOYS PRESENT | DPL(3) | DATA_RW
    SET ecx, %2
CODE
    ASK_ALL
EXPECT END
WANT_ANSWERS 0, 0, 0, 0, 0, 0
%endmacro
VERIFY_NOTHING null_selector_0, 0
VERIFY_NOTHING null_selector_3, 3
VERIFY_NOTHING selector_beyond_the_gdt, 0x403
VERIFY_NOTHING selector_beyond_the_ldt, 0x107
VERIFY_NOTHING selector_far_beyond, 0xffff

CHECK verify.nothing_in_the_ldt_without_ldt, "SDM 2A LAR"
    DESC TI + 8, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    xor eax, eax
    lldt ax
    SET ecx, TI + 8 + 3
CODE
    ASK_ALL
EXPECT END
WANT_ANSWERS 0, 0, 0, 0, 0, 0

CHECK verify.descriptors_of_the_ldt, "SDM 2A LAR, LSL"
    DESC TI + 8, 0, 0x4321, PRESENT | DPL(3) | DATA_RW, 0
    SET ecx, TI + 8 + 3
CODE
    ASK_ALL
EXPECT END
WANT_ANSWERS 1, 0xf200, 1, 0x4321, 1, 1

CHECK verify.lsl_of_pages, "SDM 2A LSL"
    DESC FREE, 0, 0x54321, PRESENT | DPL(3) | DATA_RW, PAGES_4K
    SET ecx, FREE
    SET_FLAGS ZF | PF
CODE
    lsl eax, cx
EXPECT END
WANT eax, 0x54321fff

CHECK verify.lsl_of_pages_16_bit, "SDM 2A LSL"
    DESC FREE, 0, 0x54321, PRESENT | DPL(3) | DATA_RW, PAGES_4K
    SET ecx, FREE
    SET_FLAGS ZF | PF
CODE
    lsl ax, cx
EXPECT END
WANT eax, 0xa1a21fff

CHECK verify.lar_16_bit, "SDM 2A LAR"
    DESC FREE, 0, 0x54321, PRESENT | DPL(3) | DATA_RW | ACCESSED, PAGES_4K | BIG
    SET ecx, FREE
    CLEAR_FLAGS CF | AF | SF | OF
CODE
    lar ax, cx
EXPECT END
WANT eax, 0xa1a2f300
WANT_FLAGS ZF, 0

CHECK verify.accessed_is_not_set, "SDM 3A 5.10.1"
    DESC FREE, 0, 0x54321, PRESENT | DPL(3) | CODE_XR, PAGES_4K | BIG
    SET ecx, FREE
CODE
    ASK_ALL
EXPECT END
WANT_ANSWERS 1, 0xc0fa00, 1, 0x54321fff, 1, 0
WANT_BITS eax, 0xfff0ffff           ; SDM 2A LAR: bits 19:16 are undefined

%macro VERIFY_MEMORY 3+  ; name, flag, instruction
CHECK verify.%1_reads_a_word_of_memory, "SDM 2A LAR, LSL, 2B VERR"
    DESC FREE, 0, 0x5432, PRESENT | DPL(3) | DATA_RW, 0
    DESC FREE + 8, DATA, 1, PRESENT | DPL(3) | DATA_R, 0
    SET es, FREE + 8
    PUT word [DATA], FREE
    %if %2
        SET_FLAGS ZF
    %endif
CODE
    %3
EXPECT END
WANT_FLAGS ZF, 0
%endmacro
VERIFY_MEMORY lar, 0, lar eax, [es:0]
WANT eax, 0xf200
VERIFY_MEMORY lsl, 0, lsl eax, [es:0]
WANT eax, 0x5432
VERIFY_MEMORY verr, 0, verr [es:0]
VERIFY_MEMORY verw, 0, verw [es:0]

%macro VERIFY_UD 3+  ; mode, name, instruction
CHECK verify.%2_is_ud_in_%1, "SDM 2A LAR, LSL, 2B VERR"
    IN %1
    SET ecx, FREE
CODE
    %3
EXPECT UD
%endmacro
%macro VERIFIES_UD 1
    VERIFY_UD %1, lar, lar ax, cx
    VERIFY_UD %1, lar_of_memory_outside, lar ax, [edx]
    VERIFY_UD %1, lsl, lsl ax, cx
    VERIFY_UD %1, verr, verr cx
    VERIFY_UD %1, verw, verw cx
%endmacro
VERIFIES_UD V86
VERIFIES_UD REAL

END_OF_CHECKS

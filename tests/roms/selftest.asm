; The framework tests itself: half of these checks are wrong on purpose and must be reported so.
; selftest.expected is what this ROM prints.
%include "lib/rom.inc"

CHECK selftest.nothing_happens_at_cpl_3, "none"
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_at_cpl_0, "none"
    IN PM32, 0
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_at_cpl_1, "none"
    IN PM32, 1
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_in_16_bit_code, "none"
    IN PM16, 3
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_in_16_bit_code_at_cpl_0, "none"
    IN PM16, 0
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_in_v86, "none"
    IN V86
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_in_real, "none"
    IN REAL
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_with_paging, "none"
    PAGING P32
CODE
    nop
EXPECT END

CHECK selftest.nothing_happens_with_pae, "none"
    PAGING PAE
CODE
    nop
EXPECT END

CHECK selftest.a_register_changes, "none"
CODE
    mov eax, 0x12345678
EXPECT END
WANT eax, 0x12345678

CHECK selftest.WRONG_a_register_changes_unsaid, "none"
CODE
    mov eax, 0x12345678
EXPECT END

CHECK selftest.WRONG_memory_changes_unsaid, "none"
CODE
    mov dword [DATA + 0x10], 0x12345678
EXPECT END

CHECK selftest.memory_changes, "none"
CODE
    mov dword [DATA + 0x10], 0x12345678
    push dword 0x55
EXPECT END
WANT_MEMORY dword, DATA + 0x10, 0x12345678
WANT_PUSHED dword, STACK3, 0x55

CHECK selftest.fault, "SDM 2A HLT"
CODE
    nop
    AT
    hlt
EXPECT GP, 0

CHECK selftest.fault_in_real, "SDM 2B UD2"
    IN REAL
CODE
    nop
    AT
    ud2
EXPECT UD

CHECK selftest.fault_in_v86, "SDM 2A HLT"
    IN V86
CODE
    nop
    AT
    hlt
EXPECT GP, 0

CHECK selftest.WRONG_fault_where_none_is_wanted, "none"
CODE
    hlt
EXPECT END

CHECK selftest.page_fault, "SDM 3A 4.7"
    PAGING P32
CODE
    mov eax, [WINDOW + 0x1234]
EXPECT PF, 4
WANT cr2, WINDOW + 0x1234
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves open whether the walk that fails sets the accessed bit

CHECK selftest.double_fault, "SDM 3A 6.15"
    PUT word [TSS + TSS_SS0], 0
CODE
    hlt
EXPECT DF, 0

CHECK selftest.reset, "SDM 3A 6.15"
    SET idtlimit, 0
CODE
    hlt
EXPECT RESET

CHECK selftest.WRONG_reset_where_none_is_wanted, "none"
    SET idtlimit, 0
CODE
    hlt
EXPECT END

CHECK selftest.skipped, "none"
    WITHOUT I486
CODE
EXPECT END

END_OF_CHECKS

; ARPL; LLDT, LTR, SLDT, STR; SGDT, SIDT, LGDT, LIDT; SMSW: SDM 2A, 2B, 3A 5.9, 5.10.4.
%include "lib/rom.inc"

; ================ ARPL ================

%macro ARPL 3  ; RPL of the destination, RPL of the source, register | memory
CHECK arpl.rpl_%1_against_%2_in_%3, "SDM 2A ARPL"
    SET eax, 0xa1a2a3a0 | (%1)
    SET ecx, 0xc1c2c3c0 | (%2)
    PUT dword [DATA], 0xa1a2a3a0 | (%1)
    %if (%1 + %2) & 1
        SET_FLAGS ZF
    %endif
CODE
    %ifidni %3, memory
        arpl [DATA], cx
    %else
        arpl ax, cx
    %endif
EXPECT END
    %if %1 < %2
WANT_FLAGS ZF, 0
        %ifidni %3, memory
WANT_MEMORY dword, DATA, 0xa1a2a3a0 | (%2)
        %else
WANT eax, 0xa1a2a3a0 | (%2)
        %endif
    %else
WANT_FLAGS 0, ZF
    %endif
%endmacro
%assign first 0
%rep 4
    %assign second 0
    %rep 4
        ARPL %[first], %[second], register
        ARPL %[first], %[second], memory
        %assign second second + 1
    %endrep
    %assign first first + 1
%endrep

; ================ LLDT, LTR ================

%macro LOAD_SYSTEM 5-7  ; name, lldt|ltr, selector, access, 1 | 0[, fault, code]
CHECK %2.%1, "SDM 2A LLDT, LTR"
    IN PM32, 0
    DESC FREE, 0x87654321, 0x200, %4
    DECOYS PRESENT | (%4)
    SET eax, 0x77770000 | (%3)
CODE
    %2 ax
    %if %5
EXPECT END
        %ifidni %2, ltr
WANT tr, %3
WANT_TYPE FREE, (%4) | 2
        %else
WANT ldtr, %3
        %endif
    %else
EXPECT %6, %7
    %endif
%endmacro
%assign type 0
%rep 32
    %assign fits type == TSS16_TYPE || type == TSS32_TYPE
    LOAD_SYSTEM type_%[type], ltr, FREE, PRESENT | type, fits, GP, FREE
    %if fits
        LOAD_SYSTEM absent_type_%[type], ltr, FREE, type, 0, NP, FREE
        LOAD_SYSTEM type_%[type]_of_dpl_3, ltr, FREE, PRESENT | DPL(3) | type, 1
        LOAD_SYSTEM type_%[type]_with_rpl_3, ltr, FREE | 3, PRESENT | type, 1
    %else
        LOAD_SYSTEM absent_type_%[type], ltr, FREE, type, 0, GP, FREE
    %endif
    %assign fits type == LDT_TYPE
    LOAD_SYSTEM type_%[type], lldt, FREE, PRESENT | type, fits, GP, FREE
    %if fits
        LOAD_SYSTEM absent_type_%[type], lldt, FREE, type, 0, NP, FREE
        LOAD_SYSTEM type_%[type]_of_dpl_3, lldt, FREE, PRESENT | DPL(3) | type, 1
        LOAD_SYSTEM type_%[type]_with_rpl_3, lldt, FREE | 3, PRESENT | type, 1
    %else
        LOAD_SYSTEM absent_type_%[type], lldt, FREE, type, 0, GP, FREE
    %endif
    %assign type type + 1
%endrep
LOAD_SYSTEM null_selector_0, ltr, 0, TSS32_TYPE, 0, GP, 0
LOAD_SYSTEM null_selector_3, ltr, 3, TSS32_TYPE, 0, GP, 0
LOAD_SYSTEM null_selector_0, lldt, 0, 0, 1
LOAD_SYSTEM null_selector_3, lldt, 3, 0, 1
LOAD_SYSTEM selector_of_the_ldt, ltr, TI + 8, PRESENT | TSS32_TYPE, 0, GP, TI + 8
LOAD_SYSTEM selector_of_the_ldt, lldt, TI + 8, PRESENT | LDT_TYPE, 0, GP, TI + 8
LOAD_SYSTEM beyond_the_gdt, ltr, 0x400, TSS32_TYPE, 0, GP, 0x400
LOAD_SYSTEM beyond_the_gdt, lldt, 0x400, LDT_TYPE, 0, GP, 0x400
LOAD_SYSTEM beyond_the_gdt_with_rpl, ltr, 0x403, TSS32_TYPE, 0, GP, 0x400

%macro SYSTEM_PRIVILEGE 3+  ; CPL, name, instruction
CHECK %2_is_gp_at_cpl_%1, "SDM 3A 5.9"
    IN PM32, %1
    SET eax, LDT_SEL
CODE
    %3
EXPECT GP, 0
%endmacro
%macro SYSTEM_PRIVILEGES 2+
    SYSTEM_PRIVILEGE 1, %1, %2
    SYSTEM_PRIVILEGE 2, %1, %2
    SYSTEM_PRIVILEGE 3, %1, %2
%endmacro
SYSTEM_PRIVILEGES lldt.any_selector, lldt ax
SYSTEM_PRIVILEGES ltr.any_selector, ltr ax
SYSTEM_PRIVILEGE 3, lldt.memory_outside, lldt [0xffffffff]
SYSTEM_PRIVILEGES descriptor_tables.lgdt, lgdt [DATA]
SYSTEM_PRIVILEGES descriptor_tables.lidt, lidt [DATA]
SYSTEM_PRIVILEGES control.lmsw, lmsw ax
SYSTEM_PRIVILEGES control.clts, clts
SYSTEM_PRIVILEGES control.hlt, hlt

%macro SYSTEM_MODES 3+  ; mode, name, instruction: not recognized there
CHECK %2_is_ud_in_%1, "SDM 2A LLDT, LTR, 2B SLDT, STR"
    IN %1
    SET eax, LDT_SEL
CODE
    %3
EXPECT UD
%endmacro
%macro SYSTEM_UD 2+
    SYSTEM_MODES V86, %1, %2
    SYSTEM_MODES REAL, %1, %2
%endmacro
SYSTEM_UD arpl.register, arpl ax, cx
SYSTEM_UD arpl.memory, arpl [0], cx
SYSTEM_UD lldt.register, lldt ax
SYSTEM_UD ltr.register, ltr ax
SYSTEM_UD sldt.register, sldt ax
SYSTEM_UD str.register, str ax
SYSTEM_UD str.memory, str [0]

%macro STORE_SYSTEM 4  ; name, CPL, instruction, value
CHECK %1_at_cpl_%2, "SDM 2B SLDT, STR"
    IN PM32, %2
CODE
    %3 [DATA]
    o16 %3 cx
    mov [DATA + 4], cx
EXPECT END
WANT_MEMORY word, DATA, %4
WANT_MEMORY word, DATA + 4, %4
WANT ecx, 0xc1c20000 | %4
%endmacro
STORE_SYSTEM sldt.stores_16_bits, 0, sldt, LDT_SEL
STORE_SYSTEM sldt.stores_16_bits, 3, sldt, LDT_SEL
STORE_SYSTEM str.stores_16_bits, 0, str, TSS_SEL
STORE_SYSTEM str.stores_16_bits, 3, str, TSS_SEL

%macro STORE_32 3  ; name, instruction, value
CHECK %1, "SDM 2B SLDT, STR"
    NEEDS P6                        ; undefined upper half before
CODE
    %2 eax
EXPECT END
WANT eax, %3
%endmacro
STORE_32 sldt.clears_the_upper_half_of_a_register, sldt, LDT_SEL
STORE_32 str.clears_the_upper_half_of_a_register, str, TSS_SEL

; ================ GDTR, IDTR ================

%macro STORE_TABLE 5  ; name, mode, CPL, instruction, field
CHECK descriptor_tables.%4_%1_in_%2_at_cpl_%3, "SDM 2B SGDT, SIDT"
    IN %2, %3
    mov eax, [before + S_ds]        ; V86 and real-address mode: base of DS
    SET %5limit, 0x3f7
    %ifidni %2, PM32
        SET edi, DATA + 0x10
    %else
        SET edi, 0x10
    %endif
CODE
    %ifidni %2, PM32
        %4 [edi]
    %else
        %4 [di]
    %endif
EXPECT END
mov eax, [want + S_%5limit]
WANT_MEMORY word, DATA + 0x10, ax
mov eax, [want + S_%5base]
WANT_MEMORY dword, DATA + 0x12, eax
%endmacro
STORE_TABLE stores_six_bytes, PM32, 0, sgdt, gdt
STORE_TABLE stores_six_bytes, PM32, 3, sgdt, gdt
STORE_TABLE stores_six_bytes, PM32, 0, sidt, idt
STORE_TABLE stores_six_bytes, PM32, 3, sidt, idt
STORE_TABLE stores_six_bytes, REAL, 0, sidt, idt
STORE_TABLE stores_six_bytes, V86, 3, sgdt, gdt
STORE_TABLE stores_six_bytes, V86, 3, sidt, idt

%macro LOAD_TABLE 3  ; instruction, field, o16|o32
CHECK descriptor_tables.%1_with_%3, "SDM 2A LGDT"
    IN PM32, 0
    PUT word [DATA], 0x1234
    PUT dword [DATA + 2], 0x89abcdef
    PUT word [DATA + 8], 0x3ff
    PUT dword [DATA + 10], 0
    %ifidni %2, gdt
        PUT dword [DATA + 10], GDT
    %else
        PUT word [DATA + 8], IDT_LIMIT
        PUT dword [DATA + 10], IDT
    %endif
    SET edi, DATA + 0x20
CODE
    %3 %1 [DATA]
    %ifidni %2, gdt
        sgdt [edi]
    %else
        sidt [edi]
    %endif
    %1 [DATA + 8]
EXPECT END
WANT_MEMORY word, DATA + 0x20, 0x1234
    %ifidni %3, o16
WANT_MEMORY dword, DATA + 0x22, 0x00abcdef
    %else
WANT_MEMORY dword, DATA + 0x22, 0x89abcdef
    %endif
%endmacro
LOAD_TABLE lgdt, gdt, o32
LOAD_TABLE lgdt, gdt, o16
LOAD_TABLE lidt, idt, o32
LOAD_TABLE lidt, idt, o16

%macro TABLE_REGISTER 4+
CHECK descriptor_tables.%1_of_a_register_is_ud_at_cpl_%2_in_%3, "SDM 2A LGDT, 2B SGDT"
    IN %3, %2
CODE
    db %4
EXPECT UD
%endmacro
TABLE_REGISTER lgdt_edi, 0, PM32, 0x0f, 0x01, 0xd7
TABLE_REGISTER lgdt_edi, 3, PM32, 0x0f, 0x01, 0xd7
TABLE_REGISTER lidt_edi, 0, PM32, 0x0f, 0x01, 0xdf
TABLE_REGISTER lidt_edi, 3, PM32, 0x0f, 0x01, 0xdf
TABLE_REGISTER sgdt_edi, 3, PM32, 0x0f, 0x01, 0xc7
TABLE_REGISTER sidt_edi, 3, PM32, 0x0f, 0x01, 0xcf
TABLE_REGISTER lgdt_edi, 0, REAL, 0x0f, 0x01, 0xd7
TABLE_REGISTER sgdt_edi, 3, V86, 0x0f, 0x01, 0xc7

%macro V86_PRIVILEGE 2+
CHECK %1_is_gp_in_V86, "SDM 3B 20.2.6"
    IN V86
    SET_FLAGS IOPL(3)
CODE
    %2
EXPECT GP, 0
%endmacro
V86_PRIVILEGE descriptor_tables.lgdt, lgdt [0]
V86_PRIVILEGE descriptor_tables.lidt, lidt [0]
V86_PRIVILEGE control.lmsw, lmsw ax
V86_PRIVILEGE control.clts, clts
V86_PRIVILEGE control.hlt, hlt
V86_PRIVILEGE control.mov_from_cr0, mov eax, cr0
V86_PRIVILEGE control.mov_to_cr0, mov cr0, eax

%macro SMSW 2
CHECK control.smsw_is_free_at_cpl_%2_in_%1, "SDM 2B SMSW"
    IN %1, %2
CODE
    smsw ax
EXPECT END
mov ecx, [want + S_cr0]
mov [want + S_eax], cx
%endmacro
SMSW PM32, 3
SMSW PM32, 0
SMSW V86, 3
SMSW REAL, 0

END_OF_CHECKS

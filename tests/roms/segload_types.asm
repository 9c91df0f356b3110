; MOV, POP and LDS, LES, LFS, LGS, LSS into every segment register, with descriptors of every type: SDM 2A MOV, LDS, 2B POP.
%include "lib/rom.inc"
%include "lib/segload.inc"

; One load from descriptor FREE with the access byte given. ok: 1 when it succeeds, else %7 is the fault and its code
%macro LOAD_TYPE 6-8  ; name, how, register, CPL, access, 1 | 0[, fault, error code]
CHECK segload.%1_in_%3_by_%2, "SDM 2A MOV, 3A table 3-1, 3-2"
    IN PM32, %4
    DESC FREE, 0, 0xfffff, %5, BIG | PAGES_4K
    LOAD_SETUP %2, %4, FREE | %4
CODE
    LOAD_BY %2, %3
    %if %6
EXPECT END
        WANT_LOADED %2, %3, %4, FREE | %4
        WANT_TYPE FREE, (%5) | ACCESSED
    %else
EXPECT %7, %8
    %endif
%endmacro

; All 32 types, present and not. Data registers take data and readable code, SS takes writable data.
%assign type 0
%rep 32
    %assign data_ok 0
    %assign stack_ok 0
    %if type & 0x10
        %if (type & 8) == 0 || (type & 2)
            %assign data_ok 1
        %endif
        %if (type & 8) == 0 && (type & 2)
            %assign stack_ok 1
        %endif
    %endif
    %assign number type & 3
    %assign way (type + type / 4) % 3
    %assign way2 (way + 1) % 3
    LOAD_TYPE type_%[type], %[HOW_%[way]], %[REGISTER_%[number]], 3, PRESENT | DPL(3) | type, data_ok, GP, FREE
    LOAD_TYPE type_%[type], %[HOW_%[way2]], ss, 3, PRESENT | DPL(3) | type, stack_ok, GP, FREE
    %assign number (type + 1) & 3
    %if data_ok
        LOAD_TYPE absent_type_%[type], %[HOW_%[way2]], %[REGISTER_%[number]], 3, DPL(3) | type, 0, NP, FREE
    %else
        LOAD_TYPE absent_type_%[type], %[HOW_%[way2]], %[REGISTER_%[number]], 3, DPL(3) | type, 0, GP, FREE
    %endif
    %if stack_ok
        LOAD_TYPE absent_type_%[type], %[HOW_%[way]], ss, 3, DPL(3) | type, 0, SS, FREE
    %else
        LOAD_TYPE absent_type_%[type], %[HOW_%[way]], ss, 3, DPL(3) | type, 0, GP, FREE
    %endif
    %assign type type + 1
%endrep

; Every register by every instruction once more, at CPL 0
%assign number 0
%rep 4
    %assign way 0
    %rep 3
        LOAD_TYPE data, %[HOW_%[way]], %[REGISTER_%[number]], 0, PRESENT | DATA_RW, 1
        LOAD_TYPE absent_data, %[HOW_%[way]], %[REGISTER_%[number]], 0, DATA_RW, 0, NP, FREE
        LOAD_TYPE tss, %[HOW_%[way]], %[REGISTER_%[number]], 0, PRESENT | TSS32_TYPE, 0, GP, FREE
        %assign way way + 1
    %endrep
    %assign number number + 1
%endrep
%assign way 0
%rep 3
    LOAD_TYPE data, %[HOW_%[way]], ss, 0, PRESENT | DATA_RW, 1
    LOAD_TYPE accessed_data, %[HOW_%[way]], ss, 0, PRESENT | DATA_RW | ACCESSED, 1
    LOAD_TYPE absent_data, %[HOW_%[way]], ss, 0, DATA_RW, 0, SS, FREE
    LOAD_TYPE expand_down, %[HOW_%[way]], ss, 3, PRESENT | DPL(3) | DATA_DOWN_RW, 1
    %assign way way + 1
%endrep

; ================ null selectors ================

%macro LOAD_NULL 3  ; how, register, selector
CHECK segload.null_selector_%3_in_%2_by_%1, "SDM 2A MOV, LDS, 2B POP"
    DECOYS PRESENT | DPL(3) | DATA_RW
    LOAD_SETUP %1, 3, %3
CODE
    LOAD_BY %1, %2
EXPECT END
    WANT_LOADED %1, %2, 3, %3
%endmacro
%assign null 0
%rep 4
    %assign number 0
    %rep 4
        %assign way (number + null) % 3
        LOAD_NULL %[HOW_%[way]], %[REGISTER_%[number]], %[null]
        %assign number number + 1
    %endrep
    %assign null null + 1
%endrep

%macro LOAD_NULL_SS 3  ; how, CPL, selector
CHECK segload.null_selector_%3_in_ss_by_%1_at_cpl_%2, "SDM 2A MOV, LDS, 2B POP"
    IN PM32, %2
    DECOYS PRESENT | DPL(%2) | DATA_RW
    LOAD_SETUP %1, %2, %3
CODE
    LOAD_BY %1, ss
EXPECT GP, 0
%endmacro
%assign null 0
%rep 4
    %assign way null % 3
    LOAD_NULL_SS %[HOW_%[way]], 0, %[null]
    %assign way (null + 1) % 3
    LOAD_NULL_SS %[HOW_%[way]], 3, %[null]
    %assign null null + 1
%endrep

CHECK segload.null_selector_of_the_ldt_is_a_selector, "SDM 3A 3.4.2"
    DESC TI, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    SET eax, TI | 3
CODE
    mov es, ax
    mov [es:DATA], eax
EXPECT END
WANT es, TI | 3
WANT_TYPE TI, PRESENT | DPL(3) | DATA_RW | ACCESSED
WANT_MEMORY dword, DATA, TI | 3

CHECK segload.null_load_is_used_no_more, "SDM 3A 3.4.2"
    DECOYS PRESENT | DPL(3) | DATA_RW
    SET eax, 0
CODE
    mov es, ax
    AT
    mov [es:DATA], eax
EXPECT GP, 0
WANT es, 0

; ================ tables and their limits ================

%macro TABLE_LIMIT 6  ; name, how, register, selector, limit of the GDT, 1 | 0
CHECK segload.%1_by_%2, "SDM 3A 3.5.1"
    IN PM32, 0
    DECOYS PRESENT | DATA_RW
    DESC FREE, 0, 0xfffff, PRESENT | DATA_RW, BIG | PAGES_4K
    LOAD_SETUP %2, 0, %4
    SET gdtlimit, %5
CODE
    LOAD_BY %2, %3
    %if %6
EXPECT END
        WANT_LOADED %2, %3, 0, %4
        WANT_TYPE FREE, PRESENT | DATA_RW | ACCESSED
    %else
EXPECT GP, %4
    %endif
%endmacro
TABLE_LIMIT descriptor_ends_at_the_gdt_limit, mov, es, FREE, FREE + 7, 1
TABLE_LIMIT descriptor_ends_at_the_gdt_limit_for_ss, pop, ss, FREE, FREE + 7, 1
TABLE_LIMIT descriptor_one_byte_beyond_the_gdt_limit, mov, es, FREE, FREE + 6, 0
TABLE_LIMIT descriptor_one_byte_beyond_the_gdt_limit_for_ss, mov, ss, FREE, FREE + 6, 0
TABLE_LIMIT descriptor_one_byte_beyond_the_gdt_limit, far_pointer, gs, FREE, FREE + 6, 0
TABLE_LIMIT descriptor_beyond_the_gdt_limit, pop, fs, FREE, FREE - 1, 0
TABLE_LIMIT descriptor_beyond_the_gdt_limit_for_ss, far_pointer, ss, FREE, FREE - 1, 0
TABLE_LIMIT descriptor_far_beyond_the_gdt_limit, mov, ds, 0xfff8, GDT_LIMIT, 0
TABLE_LIMIT descriptor_just_beyond_the_gdt_limit, mov, ds, 0x400, GDT_LIMIT, 0

%macro LDT_LOAD 5  ; name, how, register, LDT selector, 1 | 0
CHECK segload.%1_by_%2, "SDM 3A 3.5.1"
    IN PM32, 0
    DECOYS PRESENT | DATA_RW
    DESC LDT_LIMIT - 7 + TI, 0, 0xfffff, PRESENT | DATA_RW, BIG | PAGES_4K
    LOAD_SETUP %2, 0, %4
CODE
    LOAD_BY %2, %3
    %if %5
EXPECT END
        WANT_LOADED %2, %3, 0, %4
        WANT_TYPE LDT_LIMIT - 7 + TI, PRESENT | DATA_RW | ACCESSED
    %else
EXPECT GP, %4
    %endif
%endmacro
LDT_LOAD last_of_the_ldt, mov, ds, LDT_LIMIT - 7 + TI, 1
LDT_LOAD last_of_the_ldt_for_ss, pop, ss, LDT_LIMIT - 7 + TI, 1
LDT_LOAD last_of_the_ldt, far_pointer, es, LDT_LIMIT - 7 + TI, 1
LDT_LOAD beyond_the_ldt, mov, ds, LDT_LIMIT + 1 + TI, 0
LDT_LOAD beyond_the_ldt_for_ss, far_pointer, ss, LDT_LIMIT + 1 + TI, 0
LDT_LOAD beyond_the_ldt, pop, gs, 0xfff8 + TI, 0

%macro NO_LDT 2  ; how, register
CHECK segload.without_ldt_no_selector_of_it_in_%2_by_%1, "SDM 2A LLDT"
    DESC TI + 8, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    LOAD_SETUP %1, 3, TI + 8 + 3
    xor eax, eax
    lldt ax
CODE
    LOAD_BY %1, %2
EXPECT GP, TI + 8
%endmacro
NO_LDT mov, ds
NO_LDT pop, es
NO_LDT far_pointer, fs
NO_LDT mov, ss

CHECK segload.the_hidden_part_stays_when_the_descriptor_changes, "SDM 3A 3.4.3"
    IN PM32, 0
    DESC FREE, DATA, 0xfff, PRESENT | DATA_RW
    SET es, FREE
CODE
    mov dword [GDT + FREE], 0
    mov dword [GDT + FREE + 4], 0
    mov [es:0x10], eax
EXPECT END
WANT_MEMORY dword, GDT + FREE, 0
WANT_MEMORY dword, GDT + FREE + 4, 0
WANT_MEMORY dword, DATA + 0x10, 0xa1a2a3a4

CHECK segload.base_and_limit_are_those_of_the_descriptor, "SDM 3A 3.4.5"
    DESC FREE, 0x87654321, 0x54321, PRESENT | DPL(3) | DATA_RW, 0
    SET edi, DATA - 0x87654321
    SET eax, FREE | 3
CODE
    mov es, ax
    AT
    mov [es:edi], eax               ; beyond 54321h
EXPECT GP, 0
WANT es, FREE | 3
WANT_TYPE FREE, PRESENT | DPL(3) | DATA_RW | ACCESSED

CHECK segload.linear_addresses_wrap_at_4g, "SDM 3A 3.3"
    DESC FREE, 0x87654321, 0xfffff, PRESENT | DPL(3) | DATA_RW, PAGES_4K
    SET edi, DATA - 0x87654321
    SET eax, FREE | 3
CODE
    mov es, ax
    mov [es:edi], eax
EXPECT END
WANT es, FREE | 3
WANT_TYPE FREE, PRESENT | DPL(3) | DATA_RW | ACCESSED
WANT_MEMORY dword, DATA, FREE | 3

; ================ CS ================

%macro MOV_CS 2  ; mode, CPL
CHECK segload.mov_to_cs_is_ud_in_%1_at_cpl_%2, "SDM 2A MOV"
    IN %1, %2
CODE
    db 0x8e, 0xc8                   ; MOV CS, AX
EXPECT UD
%endmacro
MOV_CS PM32, 0
MOV_CS PM32, 3
MOV_CS PM16, 3
MOV_CS V86, 3
MOV_CS REAL, 0
%macro MOV_SREG_6 2
CHECK segload.%1_of_segment_register_%2_is_ud, "SDM 2A MOV"
CODE
    %ifidni %1, load
        db 0x8e, 0xc0 + %2 * 8
    %else
        db 0x8c, 0xc0 + %2 * 8
    %endif
EXPECT UD
%endmacro
MOV_SREG_6 load, 6
MOV_SREG_6 load, 7
MOV_SREG_6 store, 6
MOV_SREG_6 store, 7

; A far pointer in a register is no far pointer
%macro FAR_REGISTER 2+
CHECK segload.%1_of_a_register_is_ud, "SDM 2A LDS"
CODE
    db %2
EXPECT UD
%endmacro
FAR_REGISTER lss, 0x0f, 0xb2, 0xc0
FAR_REGISTER lfs, 0x0f, 0xb4, 0xc0
FAR_REGISTER lgs, 0x0f, 0xb5, 0xc0

; ================ without protection ================

%macro FREE_LOAD 3  ; mode, how, register
CHECK segload.any_selector_in_%3_by_%2_in_%1, "SDM 3B 20.1.1"
    IN %1
    %ifidni %2, mov
        SET eax, 0x6666fffb
    %elifidni %2, pop
        mov eax, [before + S_esp]
        PUT word [eax - 2], 0xfffb
        sub dword [before + S_esp], 2
    %else
        PUT dword [DATA], 0xfffb3344
    %endif
CODE
    %ifidni %2, far_pointer
        l%3 di, [0]
    %else
        LOAD_BY %2, %3
    %endif
EXPECT END
WANT %3, 0xfffb
    %ifidni %2, far_pointer
WANT edi, 0x71723344
    %elifidni %2, pop
add dword [want + S_esp], 2
    %endif
%endmacro
%macro FREE_LOADS 2
    FREE_LOAD V86, %1, %2
    FREE_LOAD REAL, %1, %2
%endmacro
FREE_LOADS mov, es
FREE_LOADS pop, es
FREE_LOADS far_pointer, es
FREE_LOADS mov, fs
FREE_LOADS far_pointer, gs

END_OF_CHECKS

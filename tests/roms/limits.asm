; Limits and types of data segments at each access: SDM 3A 5.3, 5.5.
%include "lib/rom.inc"
%include "lib/data.inc"

; ================ borders of data segments ================

; Code: reads or writes %2 bytes at %3:%4. Eight and ten bytes go through the x87 unit, and through the flat segment %5
; to or from DATA2.
%macro TRANSFER 5
    %if %2 == 1
        %ifidni %1, read
            mov al, [%3:dword %4]
        %else
            mov [%3:dword %4], al
        %endif
    %elif %2 == 2
        %ifidni %1, read
            mov ax, [%3:dword %4]
        %else
            mov [%3:dword %4], ax
        %endif
    %elif %2 == 4
        %ifidni %1, read
            mov eax, [%3:dword %4]
        %else
            mov [%3:dword %4], eax
        %endif
    %elif %2 == 8
        %ifidni %1, read
            fild qword [%3:dword %4]
            fistp qword [%5:DATA2]
        %else
            fild qword [%5:DATA2]
            AT
            fistp qword [%3:dword %4]
        %endif
    %else
        %ifidni %1, read
            fld tword [%3:dword %4]
            fstp tword [%5:DATA2]
        %else
            fld tword [%5:DATA2]
            AT
            fstp tword [%3:dword %4]
        %endif
    %endif
%endmacro

; Wanted: what TRANSFER has moved; %3 is the linear address
%macro WANT_TRANSFER 3  ; read|write, size, linear address
    %ifidni %1, read
        %if %2 == 1
            WANT eax, 0xa1a2a300 | PATTERN1(%3)
        %elif %2 == 2
            WANT eax, 0xa1a20000 | PATTERN2(%3)
        %elif %2 == 4
            WANT eax, PATTERN4(%3)
        %else
            WANT_COPY DATA2, %3, %2
        %endif
    %elif %2 == 1
        WANT_MEMORY byte, %3, 0xa4
    %elif %2 == 2
        WANT_MEMORY word, %3, 0xa3a4
    %elif %2 == 4
        WANT_MEMORY dword, %3, 0xa1a2a3a4
    %else
        WANT_COPY %3, DATA2, %2
    %endif
%endmacro

; One access. fits: 1 when all its bytes are inside
%macro BORDER 10  ; name, register, read|write, size, offset, base, limit, access, flags, fits
CHECK limits.%1_%3_of_%4_by_%2, "SDM 3A 5.3"
    %if (%4) >= 8
        NEEDS FPU
    %endif
    FILL_DATA
    DESC FREE, %6, %7, PRESENT | DPL(3) | (%8), %9
    SET %2, FREE | 3
CODE
    %ifidni %2, gs
        TRANSFER %3, %4, %2, %5, fs
    %else
        TRANSFER %3, %4, %2, %5, gs
    %endif
    %if %10
EXPECT END
        WANT_TRANSFER %3, %4, (((%5) + (%6)) & 0xffffffff)
    %else
        %ifidni %2, ss
EXPECT SS, 0
        %else
EXPECT GP, 0
        %endif
    %endif
%endmacro

; Every border of a segment with every size: the last access inside, the straddling one, the first one outside.
%macro BORDERS_ABOVE 7  ; name, register, base, limit, access, flags, offset of the last byte
    %assign %%size 1
    %rep 5
        BORDER %1_ends_at_the_last_byte, %2, read, %%size, %7 - %%size + 1, %3, %4, %5, %6, 1
        BORDER %1_ends_at_the_last_byte, %2, write, %%size, %7 - %%size + 1, %3, %4, DATA_RW | (%5), %6, 1
        %if %%size > 1
            BORDER %1_ends_one_byte_beyond, %2, read, %%size, %7 - %%size + 2, %3, %4, %5, %6, 0
            BORDER %1_ends_one_byte_beyond, %2, write, %%size, %7 - %%size + 2, %3, %4, DATA_RW | (%5), %6, 0
        %endif
        BORDER %1_starts_beyond, %2, read, %%size, %7 + 1, %3, %4, %5, %6, 0
        %if %%size == 8
            %assign %%size 10
        %else
            %assign %%size %%size * 2
        %endif
    %endrep
%endmacro

%macro BORDERS_BELOW 7  ; name, register, base, limit, access, flags, offset of the first byte
    %assign %%size 1
    %rep 5
        BORDER %1_starts_at_the_first_byte, %2, read, %%size, %7, %3, %4, %5, %6, 1
        BORDER %1_starts_at_the_first_byte, %2, write, %%size, %7, %3, %4, DATA_RW | (%5), %6, 1
        %if %%size > 1
            BORDER %1_starts_one_byte_before, %2, read, %%size, %7 - 1, %3, %4, %5, %6, 0
            BORDER %1_starts_one_byte_before, %2, write, %%size, %7 - 1, %3, %4, DATA_RW | (%5), %6, 0
        %endif
        BORDER %1_ends_before, %2, read, %%size, %7 - %%size, %3, %4, %5, %6, 0
        %if %%size == 8
            %assign %%size 10
        %else
            %assign %%size %%size * 2
        %endif
    %endrep
%endmacro

; name, register, base, limit, access, flags, last or first offset
BORDERS_ABOVE expand_up,            es, DATA, 0xf7, DATA_R, BIG, 0xf7
BORDERS_ABOVE expand_up,            ss, DATA, 0xf7, DATA_RW, 0, 0xf7
BORDERS_ABOVE expand_up_of_pages,   fs, DATA, 0, DATA_R, PAGES_4K, 0xfff
BORDERS_BELOW expand_down,          gs, DATA, 0x7f, DATA_DOWN_R, 0, 0x80
BORDERS_BELOW expand_down,          ss, DATA, 0x7f, DATA_DOWN_RW, BIG, 0x80
BORDERS_BELOW expand_down_of_pages, ds, DATA - 0x1000, 0, DATA_DOWN_R, BIG | PAGES_4K, 0x1000
BORDERS_ABOVE expand_down_16_bit,   ds, DATA - 0xf000, 0x7f, DATA_DOWN_R, 0, 0xffff
BORDERS_ABOVE expand_down_16_bit,   ss, DATA - 0xf000, 0x7f, DATA_DOWN_RW, 0, 0xffff

; Single bytes at the corners of what a limit can say
%macro CORNER 8  ; name, register, offset, base, limit, access, flags, fits
    BORDER %1, %2, read, 1, %3, %4, %5, %6, %7, %8
%endmacro
CORNER limit_0_has_one_byte,                    es, 0, DATA, 0, DATA_R, 0, 1
CORNER limit_0_has_no_second_byte,              es, 1, DATA, 0, DATA_R, 0, 0
CORNER limit_fffff_has_its_last_byte,           es, 0xfffff, DATA - 0xff000, 0xfffff, DATA_R, 0, 1
CORNER limit_fffff_ends_there,                  es, 0x100000, DATA - 0xff000, 0xfffff, DATA_R, 0, 0
CORNER limit_of_4g_has_its_last_byte,           es, 0xffffffff, DATA + 1, 0xfffff, DATA_R, PAGES_4K, 1
CORNER big_does_not_matter_to_expand_up,        es, 0x10000, DATA - 0x10000, 0x1ffff, DATA_R, 0, 1
CORNER expand_down_has_not_its_limit,           es, 0x80, DATA, 0x80, DATA_DOWN_R, BIG, 0
CORNER expand_down_limit_0_has_not_byte_0,      es, 0, DATA, 0, DATA_DOWN_R, BIG, 0
CORNER expand_down_limit_0_has_byte_1,          es, 1, DATA, 0, DATA_DOWN_R, BIG, 1
CORNER expand_down_32_bit_goes_beyond_64k,      es, 0x10000, DATA - 0x10000, 0x7f, DATA_DOWN_R, BIG, 1
CORNER expand_down_32_bit_has_its_last_byte,    es, 0xffffffff, DATA + 1, 0x7f, DATA_DOWN_R, BIG, 1
CORNER expand_down_16_bit_ends_at_64k,          es, 0x10000, DATA - 0x10000, 0x7f, DATA_DOWN_R, 0, 0
CORNER expand_down_16_bit_ends_far_below_4g,    es, 0xffffffff, DATA + 1, 0x7f, DATA_DOWN_R, 0, 0
CORNER expand_down_16_bit_of_limit_ffff_is_empty, es, 0xffff, DATA - 0xf000, 0xffff, DATA_DOWN_R, 0, 0
CORNER expand_down_32_bit_of_limit_4g_is_empty, es, 0xffffffff, DATA + 1, 0xfffff, DATA_DOWN_R, BIG | PAGES_4K, 0
CORNER expand_down_32_bit_of_limit_ffff_begins_at_64k, es, 0x10000, DATA - 0x10000, 0xffff, DATA_DOWN_R, BIG, 1

; ================ types ================

; An instruction with one memory operand at %5:DATA, segment FREE of type %4: fault or not
%macro TYPE 4+  ; name, CPL, type, instruction
CHECK limits.%1_at_cpl_%2, "SDM 3A 5.5"
    IN PM32, %2
    FILL_DATA
    DESC FREE, 0, 0xfffff, PRESENT | DPL(3) | (%3), PAGES_4K | BIG
    SET es, FREE | 3
CODE
    %4
EXPECT GP, 0
%endmacro
%macro TYPES 3+
    TYPE %1, 0, %2, %3
    TYPE %1, 3, %2, %3
%endmacro
TYPES mov_to_read_only_data,            DATA_R, mov [es:DATA], eax
TYPES mov_to_read_only_expand_down,     DATA_DOWN_R, mov [es:DATA], al
TYPES mov_to_readable_code,             CODE_XR, mov [es:DATA], ax
TYPES mov_to_readable_conforming_code,  CODE_CONFORMING_R, mov [es:DATA], ax
TYPES add_to_read_only_data,            DATA_R, add [es:DATA], eax
TYPES stos_to_read_only_data,           DATA_R, stosd
TYPES bts_to_read_only_data,            DATA_R, bts dword [es:DATA], 3
TYPES pop_to_read_only_data,            DATA_R, pop dword [es:DATA]
TYPES xchg_to_read_only_data,           DATA_R, xchg [es:DATA], eax
TYPES setcc_to_read_only_data,          DATA_R, setz [es:DATA]
TYPES sgdt_to_read_only_data,           DATA_R, sgdt [es:DATA]
TYPES fnstcw_to_read_only_data,         DATA_R, fnstcw [es:DATA]
TYPES xadd_to_read_only_data,           DATA_R, xadd [es:DATA], eax
TYPES mov_to_own_code,                  DATA_R, mov [cs:DATA], eax
TYPES inc_of_own_code,                  DATA_R, inc dword [cs:DATA]

; A comparison that writes nothing new is a write all the same (SDM 2A CMPXCHG)
TYPES cmpxchg_that_fails_in_read_only_data, DATA_R, cmpxchg [es:DATA], ecx
TYPES shift_by_0_in_read_only_data,     DATA_R, shl dword [es:DATA], 0

%macro READ_ALLOWED 4+  ; name, CPL, type, instruction
CHECK limits.%1_at_cpl_%2, "SDM 3A 5.5"
    IN PM32, %2
    FILL_DATA
    DESC FREE, 0, 0xfffff, PRESENT | DPL(3) | (%3), PAGES_4K | BIG
    SET es, FREE | 3
CODE
    %4
EXPECT END
WANT eax, PATTERN4(DATA)
%endmacro
READ_ALLOWED read_of_read_only_data, 3, DATA_R, mov eax, [es:DATA]
READ_ALLOWED read_of_readable_code, 3, CODE_XR, mov eax, [es:DATA]
READ_ALLOWED read_of_readable_code, 0, CODE_XR, mov eax, [es:DATA]
READ_ALLOWED read_of_readable_conforming_code, 3, CODE_CONFORMING_R, mov eax, [es:DATA]

; Code in a segment of its own: FREE, ring %2, over the first MiB
%macro OWN_CODE 4  ; name, CPL, type, instruction
CHECK limits.%1_at_cpl_%2, "SDM 3A 5.5"
    IN PM32, %2
    FILL_DATA
    DESC FREE, 0, 0xfffff, PRESENT | DPL(%2) | (%3), BIG
    SET cs, FREE | %2
CODE
    %4
%endmacro
%macro EXECUTE_ONLY 1
    OWN_CODE execute_only_code_cannot_be_read, %1, CODE_X, {mov eax, [cs:DATA]}
    EXPECT GP, 0
    OWN_CODE execute_only_conforming_code_cannot_be_read, %1, CODE_CONFORMING, {mov al, [cs:DATA]}
    EXPECT GP, 0
    OWN_CODE execute_only_code_is_no_source_of_strings, %1, CODE_X, {cs lodsd}
    EXPECT GP, 0
    OWN_CODE execute_only_code_can_be_executed, %1, CODE_X, {mov al, 0x5a}
    EXPECT END
    WANT eax, 0xa1a2a35a
    OWN_CODE readable_code_can_be_read, %1, CODE_XR, {mov eax, [cs:DATA]}
    EXPECT END
    WANT eax, PATTERN4(DATA)
    OWN_CODE code_is_not_readable_beyond_its_limit, %1, CODE_XR, {mov eax, [cs:0xffffd]}
    EXPECT GP, 0
    OWN_CODE code_is_readable_up_to_its_limit, %1, CODE_XR, {mov ax, [cs:0xffffe]}
    EXPECT END
    WANT eax, 0xa1a2ffff
%endmacro
EXECUTE_ONLY 0
EXECUTE_ONLY 3

; ================ null selectors ================

%macro NULL_SELECTOR 5+  ; name, register, selector, CPL, instruction
CHECK limits.null_selector_%3_in_%2_%1_at_cpl_%4, "SDM 3A 3.4.2"
    IN PM32, %4
    SET %2, %3
    SET ecx, 0
CODE
    %5
EXPECT GP, 0
WANT_BITS %2, 0xfffc                ; the IRET into the check may have made it 0
%endmacro
%assign null 0
%rep 4
    NULL_SELECTOR read, ds, %[null], 3, mov eax, [DATA]
    NULL_SELECTOR write, es, %[null], 3, mov [es:DATA], eax
    NULL_SELECTOR read, fs, %[null], 0, mov eax, [fs:DATA]
    NULL_SELECTOR write, gs, %[null], 0, mov [gs:DATA], eax
    %assign null null + 1
%endrep
NULL_SELECTOR stos, es, 0, 3, stosb
NULL_SELECTOR lods, ds, 0, 3, lodsb
NULL_SELECTOR movs_to, es, 0, 0, movsb
NULL_SELECTOR xlat, ds, 0, 3, xlatb
NULL_SELECTOR push, ds, 0, 3, push dword [DATA]
NULL_SELECTOR pop, ds, 0, 3, pop dword [DATA]
NULL_SELECTOR fld, ds, 0, 3, fld dword [DATA]
NULL_SELECTOR jmp, ds, 0, 3, jmp [DATA]
NULL_SELECTOR call, ds, 0, 0, call [DATA]
NULL_SELECTOR bt, ds, 0, 0, bt [DATA], eax
NULL_SELECTOR lgdt, ds, 0, 0, lgdt [DATA]
NULL_SELECTOR lidt, ds, 0, 0, lidt [DATA]

%macro NULL_UNUSED 2+  ; name, instruction
CHECK limits.null_selector_does_not_matter_to_%1, "SDM 3A 3.4.2"
    SET ds, 0
    SET es, 0
    SET ecx, 0
    SET edi, DATA
    SET esi, DATA
CODE
    %2
EXPECT END
%endmacro
NULL_UNUSED lea_of_nothing, lea eax, [eax]
NULL_UNUSED rep_movs_of_count_0, rep movsb
NULL_UNUSED rep_stos_of_count_0, rep stosd
NULL_UNUSED rep_lods_of_count_0, rep lodsd
NULL_UNUSED repe_cmps_of_count_0, repe cmpsb
NULL_UNUSED repne_scas_of_count_0, repne scasb
NULL_UNUSED bp_addressing_of_ss, lea ebp, [ebp]

CHECK limits.null_selector_does_not_matter_to_stack_addresses, "SDM 3A 3.4.2"
    SET ds, 0
    SET ebp, STACK3 - 4
CODE
    mov [ebp], eax
EXPECT END
WANT_MEMORY dword, STACK3 - 4, 0xa1a2a3a4

CHECK limits.false_cmov_reads_all_the_same, "SDM 2A CMOVcc"
    NEEDS CMOV
    SET ds, 0
CODE
    cmovz eax, [DATA]
EXPECT GP, 0

END_OF_CHECKS

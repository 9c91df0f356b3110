; RET to an outer ring, and what becomes of the data segments: SDM 2B RET.
%include "lib/rom.inc"
%include "lib/segload.inc"

    CLOSE_CHECK                     ; the framework's own
    %assign check_open 0
; Data segments that the outer ring may not have become null: DS of ring %2 and its DPL. Selectors are those at the start.
outer_segments:
    movzx eax, byte [before + S_ds]
    and al, 0xf8
    mov al, [GDT + eax + 5]
    shr al, 5
    and al, 3                       ; the DPL of the data segments, all four the same
    mov cl, [want + S_cs]
    and cl, 3
    cmp al, cl
    jae .keep
    xor eax, eax
    mov [want + S_ds], eax
    mov [want + S_es], eax
    mov [want + S_fs], eax
    mov [want + S_gs], eax
.keep:
    ret

; ---- RET to an outer ring ----
; From ring %2 to ring %3: CS and SS are FREE and FREE + 8 of these kinds
%macro OUTER 7-9  ; name, from, to, CS access, SS access, SS selector, 1 | 0, fault, code
CHECK far.retf_to_outer_ring_%1_from_%2_to_%3, "SDM 2B RET"
    IN PM32, %2
    DECOYS %5
    DESC FREE, 0, 0xfffff, %4, BIG | PAGES_4K
    DESC FREE + 8, 0, 0xfffff, %5, BIG | PAGES_4K
    PUSHED dword, STACK_TOP_%2, %6, DATA2 - 0x10, 0x77, 0x88, FREE | %3, .target
CODE
    retf 8
.target:
    %if %7
EXPECT END
        WANT cs, FREE | %3
        WANT ss, %6
        WANT esp, DATA2 - 8         ; the parameters are taken off both stacks
        WANT_TYPE FREE, (%4) | ACCESSED
        WANT_TYPE FREE + 8, (%5) | ACCESSED
        call outer_segments
    %else
EXPECT %8, %9
WANT_ANY GDT + FREE + 5, 1
    %endif
%endmacro
%macro OUTER_RINGS 2
    OUTER plain, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | DATA_RW, FREE + 8 + %2, 1
    OUTER conforming, %1, %2, PRESENT | DPL(0) | CODE_CONFORMING, PRESENT | DPL(%2) | DATA_RW, FREE + 8 + %2, 1
    OUTER null_ss, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | DATA_RW, 0, 0, GP, 0
    OUTER null_ss_with_rpl, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | DATA_RW, %2, 0, GP, 0
    OUTER ss_of_wrong_rpl, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | DATA_RW, FREE + 8 + %1, 0, GP, FREE + 8
    OUTER ss_of_wrong_dpl, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%1) | DATA_RW, FREE + 8 + %2, 0, GP, FREE + 8
    OUTER ss_read_only, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | DATA_R, FREE + 8 + %2, 0, GP, FREE + 8
    OUTER ss_of_code, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | CODE_XR, FREE + 8 + %2, 0, GP, FREE + 8
    OUTER ss_of_system, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | LDT_TYPE, FREE + 8 + %2, 0, GP, FREE + 8
    ; The exception list says #NP as well: docs/manual-errata.md
    OUTER ss_absent, %1, %2, PRESENT | DPL(%2) | CODE_XR, DPL(%2) | DATA_RW, FREE + 8 + %2, 0, SS, FREE + 8
    OUTER ss_beyond_the_gdt, %1, %2, PRESENT | DPL(%2) | CODE_XR, PRESENT | DPL(%2) | DATA_RW, 0x400 + %2, 0, GP, 0x400
    OUTER cs_absent, %1, %2, DPL(%2) | CODE_XR, PRESENT | DPL(%2) | DATA_RW, FREE + 8 + %2, 0, NP, FREE
%endmacro
OUTER_RINGS 0, 3
OUTER_RINGS 0, 1
OUTER_RINGS 2, 3


; ---- data segments ----
; DS and ES hold descriptor FREE + 10h; what the outer ring may not use is null afterwards, and cannot be used (SDM 3A 5.8.6)
%macro OUTER_DATA 5  ; name, to, access, selector's RPL, 1 when it stays
CHECK far.retf_to_outer_ring_%1_from_0_to_%2, "SDM 2B RET, 3A 5.8.6"
    IN PM32, 0
    DESC FREE + 0x10, 0, 0xfffff, %3, BIG | PAGES_4K
    SET es, FREE + 0x10 + %4
    SET fs, 3
    PUSHED dword, STACK_TOP_0, DS_AT_%2, STACK_TOP_%2, CS_OF_%2, .target
CODE
    retf
.target:
    AT
    mov al, [es:DATA]
    %if %5
EXPECT END
WANT eax, 0xa1a2a300
    %else
EXPECT GP, 0
WANT es, 0
    %endif
WANT fs, 3
WANT_BITS fs, 0xfffc              ; a null selector may become 0: editions differ
WANT ds, 0
WANT gs, 0
WANT cs, CS_OF_%2
WANT ss, DS_AT_%2
WANT esp, STACK_TOP_%2
%endmacro
%define DS_AT_1 (DS1 | 1)
%define DS_AT_2 (DS2 | 2)
%define DS_AT_3 (DS3 | 3)
%define CS_OF_1 (CS1 | 1)
%define CS_OF_2 (CS2 | 2)
%define CS_OF_3 (CS3 | 3)
%assign to 1
%rep 3
    %assign dpl 0
    %rep 4
        %assign stays dpl >= to
        OUTER_DATA data_of_dpl_%[dpl], %[to], PRESENT | DPL(dpl) | DATA_RW, 0, stays
        OUTER_DATA read_only_data_of_dpl_%[dpl], %[to], PRESENT | DPL(dpl) | DATA_R, 0, stays
        OUTER_DATA code_of_dpl_%[dpl], %[to], PRESENT | DPL(dpl) | CODE_XR, 0, stays
        OUTER_DATA conforming_code_of_dpl_%[dpl], %[to], PRESENT | DPL(dpl) | CODE_CONFORMING_R, 0, 1
        %assign dpl dpl + 1
    %endrep
    %assign to to + 1
%endrep

; ---- the image on the stack ----
%macro OUTER_IMAGE 3  ; name, first byte of the image below the end of the segment, instruction
CHECK far.retf_to_outer_ring_%1, "SDM 2B RET"
    IN PM32, 0
    DESC FREE, 0, STACK0_CHECK - 1, PRESENT | DATA_RW | ACCESSED, BIG
    PUSHED dword, STACK0_CHECK, DS3 | 3, STACK3, CS3 | 3, .target
    %if (%2) != 16
        sub dword [before + S_esp], (%2) - 16
        PUT dword [STACK0_CHECK - (%2)], .target
        PUT dword [STACK0_CHECK - (%2) + 4], CS3 | 3
    %endif
    SET ss, FREE
CODE
    %3
.target:
%endmacro
OUTER_IMAGE image_at_the_end_of_the_stack, 16, retf
EXPECT END
WANT cs, CS3 | 3
WANT ss, DS3 | 3
WANT esp, STACK3
WANT ds, 0
WANT es, 0
WANT fs, 0
WANT gs, 0
; All of the image must be inside, the upper half of the slot of SS included ("top 16 bytes of stack", SDM 2B RET)
OUTER_IMAGE image_one_byte_beyond_the_stack, 15, retf
EXPECT SS, 0
OUTER_IMAGE image_beyond_the_stack_behind_the_parameters, 16, retf 4
EXPECT SS, 0
OUTER_IMAGE only_cs_and_eip_on_the_stack, 8, retf
EXPECT SS, 0

CHECK far.retf_to_outer_ring_with_eip_beyond_the_limit, "SDM 2B RET"
    IN PM32, 0
    DESC FREE, 0xf0000, 0xfff, PRESENT | DPL(3) | CODE_XR, BIG
    PUSHED dword, STACK0_CHECK, DS3 | 3, STACK3, FREE | 3, 0x1000
CODE
    retf
EXPECT GP, 0
WANT_ANY GDT + FREE + 5, 1

CHECK far.retf_16_bit_to_outer_ring, "SDM 2B RET"
    IN PM16, 0
    PUSHED word, STACK0_CHECK, DATA16_3 | 3, STACK3, CODE16_3 | 3, OFF16(.target)
CODE
    retf
.target:
EXPECT END
WANT cs, CODE16_3 | 3
WANT ss, DATA16_3 | 3
WANT esp, STACK3
WANT ds, 0
WANT es, 0
WANT fs, 0
WANT gs, 0

; ================ without protection (SDM 2A CALL, JMP, 2B RET: real-address and virtual-8086 mode) ================

%define TOP_V86 STACK3
%define TOP_REAL STACK0_CHECK

; Segment F100h of the ROM shows it 1000h lower
%macro FREE_FAR 3  ; mode, name, instruction
CHECK far.%2_in_%1, "SDM 2A CALL, JMP, 2B RET"
    IN %1
    mov eax, OFF16(.target) - 0x1000
    mov [DATA], ax
    PUT word [DATA + 2], 0xf100
    mov [DATA + 8], eax
    PUT dword [DATA + 12], 0x7777f100
CODE
    %3
.back:
    nop
.target:
EXPECT LANDED, OFF16(.end) - 0x1000
WANT cs, 0xf100
%endmacro
%macro FREE_FARS 1
FREE_FAR %1, jmp, {jmp 0xf100:OFF16(.target) - 0x1000}
FREE_FAR %1, jmp_32, {jmp dword 0xf100:OFF16(.target) - 0x1000}
FREE_FAR %1, jmp_memory, {jmp far [0]}
FREE_FAR %1, jmp_memory_32, {jmp dword far [8]}
FREE_FAR %1, call, {call 0xf100:OFF16(.target) - 0x1000}
WANT_PUSHED word, TOP_%1, 0xf000, OFF16(.back)
FREE_FAR %1, call_memory, {call far [0]}
WANT_PUSHED word, TOP_%1, 0xf000, OFF16(.back)
FREE_FAR %1, call_32, {call dword 0xf100:OFF16(.target) - 0x1000}
WANT_PUSHED dword, TOP_%1, 0xf000, OFF16(.back)
FREE_FAR %1, call_memory_32, {call dword far [8]}
WANT_PUSHED dword, TOP_%1, 0xf000, OFF16(.back)
%endmacro
FREE_FARS V86
FREE_FARS REAL

%macro FREE_RETF 4  ; mode, name, instruction, size
CHECK far.%2_in_%1, "SDM 2B RET"
    IN %1
    mov eax, OFF16(.target) - 0x1000
    PUSHED %4, TOP_%1 - 8, 0xf100, 0
    mov esi, [before + S_esp]
    mov [esi], ax
CODE
    %3
    nop
.target:
EXPECT LANDED, OFF16(.end) - 0x1000
WANT cs, 0xf100
WANT esp, TOP_%1 - 8
%endmacro
%macro FREE_RETFS 1
FREE_RETF %1, retf, retf, word
FREE_RETF %1, retf_32, {o32 retf}, dword
FREE_RETF %1, retf_n, {retf 6}, word
WANT esp, TOP_%1 - 2
%endmacro
FREE_RETFS V86
FREE_RETFS REAL

%macro FREE_LIMIT 3+  ; mode, name, instruction
CHECK far.%2_beyond_64k_in_%1, "SDM 2A CALL, JMP, 2B RET"
    IN %1
    PUT dword [DATA], 0x10000
    PUT dword [DATA + 4], 0xf000
    PUSHED dword, TOP_%1, 0xf000, 0x10000
CODE
    %3
    %ifidni %1, REAL
EXPECT GP
    %else
EXPECT GP, 0
    %endif
%endmacro
%macro FREE_LIMITS 1
FREE_LIMIT %1, jmp, jmp dword 0xf000:0x10000
FREE_LIMIT %1, jmp_memory, jmp dword far [0]
FREE_LIMIT %1, call, call dword 0xf000:0x10000
FREE_LIMIT %1, retf, o32 retf
%endmacro
FREE_LIMITS V86
FREE_LIMITS REAL

END_OF_CHECKS

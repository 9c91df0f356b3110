; Far CALL, JMP and RET to code segments, and to what is none: SDM 2A CALL, JMP, 2B RET.
%include "lib/rom.inc"
%include "lib/segload.inc"
%include "lib/far.inc"

; ---- every type, by CALL, JMP and RET ----
; 4, 5, 12 and 9, 1 are gates and tasks for CALL and JMP: other checks ask for them
%assign type 0
%rep 32
    %assign code type >= 0x18
    %assign gate type == 1 || type == 4 || type == 5 || type == 9 || type == 12
    %if code
        FAR type_%[type], call, direct, 3, FREE | 3, PRESENT | DPL(3) | type, 1, FREE | 3
        FAR type_%[type], jmp, memory, 3, FREE | 3, PRESENT | DPL(3) | type, 1, FREE | 3
        FAR type_%[type], retf, stack, 3, FREE | 3, PRESENT | DPL(3) | type, 1, FREE | 3
        FAR absent_type_%[type], call, memory, 3, FREE | 3, DPL(3) | type, 0, 0, NP, FREE
        FAR absent_type_%[type], jmp, direct, 3, FREE | 3, DPL(3) | type, 0, 0, NP, FREE
        FAR absent_type_%[type], retf, stack, 3, FREE | 3, DPL(3) | type, 0, 0, NP, FREE
    %else
        %if gate == 0
            FAR type_%[type], call, memory, 3, FREE | 3, PRESENT | DPL(3) | type, 0, 0, GP, FREE
            FAR type_%[type], jmp, direct, 3, FREE | 3, PRESENT | DPL(3) | type, 0, 0, GP, FREE
            FAR absent_type_%[type], call, direct, 3, FREE | 3, DPL(3) | type, 0, 0, GP, FREE
            FAR absent_type_%[type], jmp, memory, 3, FREE | 3, DPL(3) | type, 0, 0, GP, FREE
        %endif
        FAR type_%[type], retf, stack, 3, FREE | 3, PRESENT | DPL(3) | type, 0, 0, GP, FREE
    %endif
    %assign type type + 1
%endrep

; ---- selectors ----
%macro FAR_SELECTOR 4  ; name, selector, vector, code
    FAR %1, call, direct, 3, %2, 0, 0, 0, %3, %4
    FAR %1, call, memory, 0, %2, 0, 0, 0, %3, %4
    FAR %1, jmp, direct, 0, %2, 0, 0, 0, %3, %4
    FAR %1, jmp, memory, 3, %2, 0, 0, 0, %3, %4
%endmacro
FAR_SELECTOR null_selector_0, 0, GP, 0
FAR_SELECTOR null_selector_3, 3, GP, 0
FAR_SELECTOR selector_beyond_the_gdt, 0x400, GP, 0x400
FAR_SELECTOR selector_beyond_the_ldt, 0x107, GP, 0x104
FAR null_selector_0, retf, stack, 0, 0, 0, 0, 0, GP, 0
FAR null_selector_3, retf, stack, 3, 3, 0, 0, 0, GP, 0
FAR selector_beyond_the_gdt, retf, stack, 0, 0x400, 0, 0, 0, GP, 0x400
FAR selector_beyond_the_ldt, retf, stack, 3, 0x107, 0, 0, 0, GP, 0x104

CHECK far.call_to_the_ldt, "SDM 2A CALL"
    DESC TI + 8, 0, 0xfffff, PRESENT | DPL(3) | CODE_X, BIG | PAGES_4K
CODE
    call TI + 8:.target
.back:
    nop
.target:
EXPECT END
WANT cs, TI + 8 + 3
WANT_TYPE TI + 8, PRESENT | DPL(3) | CODE_X | ACCESSED
WANT_PUSHED dword, STACK3, CS3 | 3, .back

; ---- what comes after the descriptor: limit of the segment, room on the stack ----
%macro FAR_LIMIT 3+  ; name, CPL, instruction to FREE:10h, or the address in memory
CHECK far.%1_beyond_the_limit_at_cpl_%2, "SDM 2A CALL, JMP, 2B RET"
    IN PM32, %2
    DESC FREE, 0xf0000, 0xf, PRESENT | DPL(%2) | CODE_XR, BIG
    PUT dword [DATA], 0x10
    PUT dword [DATA + 4], FREE | %2
    SET ebp, STACK_TOP_%2 - 8
    PUT dword [STACK_TOP_%2 - 8], 0x10
    PUT dword [STACK_TOP_%2 - 4], FREE | %2
    SET esp, STACK_TOP_%2 - 8
CODE
    %3
EXPECT GP, 0
WANT_ANY GDT + FREE + 5, 1          ; whether the descriptor is marked before the offset is checked, is not said
%endmacro
FAR_LIMIT call, 3, call FREE:0x10
FAR_LIMIT call, 0, call FREE:0x10
FAR_LIMIT call_memory, 3, call far [DATA]
FAR_LIMIT jmp, 3, jmp FREE:0x10
FAR_LIMIT jmp_memory, 0, jmp far [DATA]
FAR_LIMIT retf, 3, retf
FAR_LIMIT retf, 0, retf

%macro FAR_STACK 4+  ; name, bytes of the stack segment that are left, fault or fits, instruction
CHECK far.%1_with_%2_bytes_of_stack, "SDM 2A CALL"
    DESC FREE + 8, DATA, 0x7f, PRESENT | DPL(3) | DATA_DOWN_RW, BIG
    SET ss, FREE + 8 + 3
    SET esp, 0x80 + (%2)
CODE
    %4
.there:
    %ifidni %3, fault
EXPECT SS, 0
    %else
EXPECT END
    %endif
%endmacro
FAR_STACK call, 7, fault, call CS3:.there
FAR_STACK call, 4, fault, call CS3:.there
FAR_STACK call, 0, fault, call CS3:.there
FAR_STACK call, 8, fits, call CS3:.there
WANT cs, CS3 | 3
WANT esp, 0x80
WANT_MEMORY dword, DATA + 0x80, .there
WANT_MEMORY dword, DATA + 0x84, CS3 | 3

; ---- 16-bit operands ----
CHECK far.call_16_bit_pushes_words, "SDM 2A CALL"
    DESC FREE, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_X, 0
    DESC FREE + 8, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_X, BIG
    SET cs, FREE + 8 + 3
    SET eip, OFF16(.code)
CODE
    call word FREE:OFF16(.target)
.back:
    nop
.target:
EXPECT LANDED, OFF16(.end)
WANT cs, FREE | 3
WANT_TYPE FREE, PRESENT | DPL(3) | CODE_X | ACCESSED
WANT_PUSHED word, STACK3, FREE + 8 + 3, OFF16(.back)

CHECK far.jmp_16_bit_uses_16_bits_of_offset, "SDM 2A JMP"
    DESC FREE, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_X, BIG
    PUT dword [DATA], FREE << 16
    mov eax, OFF16(.target)
    mov [DATA], ax
CODE
    o16 jmp far [DATA]
    nop
.target:
EXPECT LANDED, OFF16(.end)
WANT cs, FREE | 3
WANT_TYPE FREE, PRESENT | DPL(3) | CODE_X | ACCESSED

CHECK far.retf_16_bit, "SDM 2B RET"
    DESC FREE, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_X, BIG
    mov eax, OFF16(.target)
    PUSHED word, STACK3, FREE | 3, ax
CODE
    o16 retf
    nop
.target:
EXPECT LANDED, OFF16(.end)
WANT cs, FREE | 3
WANT esp, STACK3
WANT_TYPE FREE, PRESENT | DPL(3) | CODE_X | ACCESSED

CHECK far.retf_n_takes_parameters_away, "SDM 2B RET"
    PUSHED dword, STACK3, 1, 2, CS3 | 3, .target
CODE
    retf 8
.target:
EXPECT END
WANT esp, STACK3

%macro FAR_REGISTER 3  ; name, opcode extension, mode
CHECK far.%1_of_a_register_is_ud_in_%3, "SDM 2A CALL, JMP"
    IN %3
CODE
    db 0xff, 0xc0 + %2 * 8
EXPECT UD
%endmacro
FAR_REGISTER call, 3, PM32
FAR_REGISTER jmp, 5, PM32
FAR_REGISTER call, 3, V86
FAR_REGISTER jmp, 5, REAL
FAR_REGISTER undefined, 7, PM32

END_OF_CHECKS

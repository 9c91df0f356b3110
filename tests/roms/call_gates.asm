; Call gates: SDM 2A CALL, JMP, 3A 5.8.3 to 5.8.5.
%include "lib/rom.inc"
%include "lib/segload.inc"

%define CS_AT_0 CS0
%define CS_AT_1 (CS1 | 1)
%define CS_AT_2 (CS2 | 2)
%define CS_AT_3 (CS3 | 3)
%define SS_AT_0 DS0
%define SS_AT_1 (DS1 | 1)
%define SS_AT_2 (DS2 | 2)
%define SS_AT_3 (DS3 | 3)
%define INNER_TOP_0 STACK0
%define INNER_TOP_1 STACK1
%define INNER_TOP_2 STACK2

; ================ who may use a gate ================
; Gate DPL >= CPL and RPL. The target is conforming code of DPL 0, so that nothing else can be refused; ring and stack stay
; (SDM 3A 5.8.5: only non-conforming code of an inner ring gets another stack).

%macro GATE_RIGHTS 5  ; call|jmp, CPL, gate DPL, RPL, fits
CHECK call_gate.%1_of_gate_dpl_%3_with_rpl_%4_at_cpl_%2, "SDM 3A 5.8.4"
    IN PM32, %2
    DESC FREE + 8, 0, 0xfffff, PRESENT | CODE_CONFORMING | ACCESSED, BIG | PAGES_4K
    CALL_GATE FREE, FREE + 8, .target, PRESENT | DPL(%3) | CALL_GATE32
CODE
    %1 FREE + (%4):0x12345678       ; the offset does not count
.back:
    nop
.target:
    %if %5
EXPECT END
        WANT cs, FREE + 8 + %2
        %ifidni %1, call
            WANT_PUSHED dword, STACK_TOP_%2, CS_AT_%2, .back
        %endif
    %else
EXPECT GP, FREE
    %endif
%endmacro
%assign cpl 0
%rep 4
    %assign dpl 0
    %rep 4
        %assign rpl 0
        %rep 4
            %assign fits dpl >= cpl && dpl >= rpl
            GATE_RIGHTS call, %[cpl], %[dpl], %[rpl], fits
            %if cpl == 3 || rpl == 3 || cpl == dpl
                GATE_RIGHTS jmp, %[cpl], %[dpl], %[rpl], fits
            %endif
            %assign rpl rpl + 1
        %endrep
        %assign dpl dpl + 1
    %endrep
    %assign cpl cpl + 1
%endrep

; ================ where a gate may lead ================

; Target FREE + 8 of access %4. outcome: same (no change of ring), fault
%macro GATE_TARGET 6-7  ; name, call|jmp, CPL, target's access, selector in the gate, same|vector[, code]
CHECK call_gate.%1_by_%2_at_cpl_%3, "SDM 2A CALL, JMP, 3A 5.8.4"
    IN PM32, %3
    DECOYS %4
    DESC FREE + 8, 0, 0xfffff, %4, BIG | PAGES_4K
    CALL_GATE FREE, %5, .target, PRESENT | DPL(3) | CALL_GATE32
CODE
    %2 FREE:0
.back:
    nop
.target:
    %ifidni %6, same
EXPECT END
        WANT cs, ((%5) & 0xfffc) | %3
        WANT_TYPE FREE + 8, (%4) | ACCESSED
        %ifidni %2, call
            WANT_PUSHED dword, STACK_TOP_%3, CS_AT_%3, .back
        %endif
    %else
EXPECT %6, %7
    %endif
%endmacro
%macro GATE_TARGETS 2  ; call|jmp, CPL
    GATE_TARGET code_of_the_same_ring, %1, %2, PRESENT | DPL(%2) | CODE_XR, FREE + 8, same
    GATE_TARGET conforming_code_of_ring_0, %1, %2, PRESENT | CODE_CONFORMING, FREE + 8, same
    GATE_TARGET rpl_in_the_gate_does_not_count, %1, %2, PRESENT | DPL(%2) | CODE_X, FREE + 8 + 3, same
    GATE_TARGET null_selector, %1, %2, PRESENT | DPL(%2) | CODE_X, 0, GP, 0
    GATE_TARGET null_selector_with_rpl, %1, %2, PRESENT | DPL(%2) | CODE_X, 3, GP, 0
    GATE_TARGET selector_beyond_the_gdt, %1, %2, PRESENT | DPL(%2) | CODE_X, 0x402, GP, 0x400
    GATE_TARGET selector_beyond_the_ldt, %1, %2, PRESENT | DPL(%2) | CODE_X, 0x107, GP, 0x104
    GATE_TARGET data, %1, %2, PRESENT | DPL(%2) | DATA_RW, FREE + 8, GP, FREE + 8
    GATE_TARGET ldt, %1, %2, PRESENT | DPL(%2) | LDT_TYPE, FREE + 8, GP, FREE + 8
    GATE_TARGET tss, %1, %2, PRESENT | DPL(%2) | TSS32_TYPE, FREE + 8, GP, FREE + 8
    GATE_TARGET gate, %1, %2, PRESENT | DPL(%2) | CALL_GATE32, FREE + 8, GP, FREE + 8
    GATE_TARGET absent_code, %1, %2, DPL(%2) | CODE_X, FREE + 8, NP, FREE + 8
    GATE_TARGET absent_data, %1, %2, DPL(%2) | DATA_RW, FREE + 8, GP, FREE + 8
%endmacro
GATE_TARGETS call, 3
GATE_TARGETS call, 0
GATE_TARGETS jmp, 3
GATE_TARGETS jmp, 0
%macro GATE_OUTWARDS 1  ; DPL above CPL
    GATE_TARGET code_of_an_outer_ring, %1, 0, PRESENT | DPL(3) | CODE_XR, FREE + 8, GP, FREE + 8
    GATE_TARGET code_of_an_outer_ring, %1, 1, PRESENT | DPL(2) | CODE_XR, FREE + 8, GP, FREE + 8
    GATE_TARGET conforming_code_of_an_outer_ring, %1, 0, PRESENT | DPL(1) | CODE_CONFORMING, FREE + 8, GP, FREE + 8
    GATE_TARGET conforming_code_of_an_outer_ring, %1, 2, PRESENT | DPL(3) | CODE_CONFORMING, FREE + 8, GP, FREE + 8
%endmacro
GATE_OUTWARDS call
GATE_OUTWARDS jmp
; JMP goes to no inner ring
GATE_TARGET code_of_ring_0, jmp, 3, PRESENT | CODE_XR, FREE + 8, GP, FREE + 8
GATE_TARGET code_of_ring_1, jmp, 3, PRESENT | DPL(1) | CODE_XR, FREE + 8, GP, FREE + 8
GATE_TARGET code_of_ring_0, jmp, 1, PRESENT | CODE_XR, FREE + 8, GP, FREE + 8

%macro GATE_ITSELF 5  ; name, instruction, type, outcome code, CPL
CHECK call_gate.absent_%1, "SDM 2A CALL, JMP"
    IN PM32, %5
    CALL_GATE FREE, CS0, .end, DPL(3) | %3
CODE
    %2 FREE:0
EXPECT NP, FREE
%endmacro
GATE_ITSELF gate_by_call, call, CALL_GATE32, NP, 3
GATE_ITSELF gate_by_jmp, jmp, CALL_GATE32, NP, 0
GATE_ITSELF gate_16_by_call, call, CALL_GATE16, NP, 0
CHECK call_gate.absent_gate_without_the_right_to_it, "SDM 2A CALL"
    CALL_GATE FREE, CS0, .end, DPL(1) | CALL_GATE32
CODE
    call FREE:0
EXPECT GP, FREE                     ; the privilege is asked first

%macro GATE_LIMIT 3  ; name, instruction, CPL
CHECK call_gate.offset_beyond_the_limit_by_%1_at_cpl_%3, "SDM 2A CALL, JMP"
    IN PM32, %3
    DESC FREE + 8, 0xf0000, 0xfff, PRESENT | DPL(%3) | CODE_XR, BIG
    CALL_GATE FREE, FREE + 8, 0x1000, PRESENT | DPL(3) | CALL_GATE32
CODE
    %2 FREE:0
EXPECT GP, 0
WANT_ANY GDT + FREE + 13, 1
%endmacro
GATE_LIMIT call, call, 3
GATE_LIMIT call, call, 0
GATE_LIMIT jmp, jmp, 3

CHECK call_gate.offset_beyond_the_limit_of_an_inner_ring, "SDM 2A CALL"
    DESC FREE + 8, 0xf0000, 0xfff, PRESENT | CODE_XR, BIG
    CALL_GATE FREE, FREE + 8, 0x1000, PRESENT | DPL(3) | CALL_GATE32
CODE
    call FREE:0
EXPECT GP, 0
WANT_ANY GDT + FREE + 13, 1
WANT_ANY STACK0 - 0x40, 0x40        ; the #GP's own frame

CHECK call_gate.in_the_ldt, "SDM 2A CALL"
    CALL_GATE TI + 8, CS3, .target, PRESENT | DPL(3) | CALL_GATE32
CODE
    call TI + 8:0
.back:
    nop
.target:
EXPECT END
WANT_PUSHED dword, STACK3, CS3 | 3, .back

; A 16-bit gate takes 16 bits of offset and pushes words, whatever the size of the code and the operand
CHECK call_gate.gate_16_of_the_same_ring, "SDM 2A CALL"
    DESC FREE + 8, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG
    CALL_GATE FREE, FREE + 8, OFF16(.target) + 0x10000, PRESENT | DPL(3) | CALL_GATE16
    SET cs, FREE + 8 + 3
    SET eip, OFF16(.code)
CODE
    call FREE:0
.back:
    nop
.target:
EXPECT LANDED, OFF16(.end)
WANT_PUSHED word, STACK3, FREE + 8 + 3, OFF16(.back)

CHECK call_gate.gate_32_from_16_bit_operands, "SDM 2A CALL"
    CALL_GATE FREE, CS3, .target, PRESENT | DPL(3) | CALL_GATE32
CODE
    call word FREE:0
.back:
    nop
.target:
EXPECT END
WANT_PUSHED dword, STACK3, CS3 | 3, .back

; ================ an inner ring: stack and parameters ================

; From ring %1 to ring %2 with %3 parameters through a 32-bit gate, or a 16-bit one
%macro INNER 4  ; from, to, count, 32|16
CHECK call_gate.gate_%4_from_%1_to_%2_with_%3_parameters, "SDM 2A CALL, 3A 5.8.5"
    IN PM32, %1
    %if %4 == 32
        CALL_GATE FREE, CS_AT_%2, .target, PRESENT | DPL(3) | CALL_GATE32, %3
    %else
        DESC FREE + 8, 0xf0000, 0xffff, PRESENT | DPL(%2) | CODE_XR | ACCESSED, BIG
        CALL_GATE FREE, FREE + 8, OFF16(.target), PRESENT | DPL(3) | CALL_GATE16, %3
    %endif
    SET esp, STACK_TOP_%1 - 128
    mov ecx, 128
.parameters:
    mov [STACK_TOP_%1 - 129 + ecx], cl
    loop .parameters
CODE
    call FREE:0
.back:
    nop
.target:
    %if %4 == 32
EXPECT END
        WANT cs, CS_AT_%2
        %assign %%size 4
        %assign %%top INNER_TOP_%2
        WANT_MEMORY dword, %%top - 4, SS_AT_%1
        WANT_MEMORY dword, %%top - 8, STACK_TOP_%1 - 128
        WANT_MEMORY dword, %%top - 12 - (%3) * 4, CS_AT_%1
        WANT_MEMORY dword, %%top - 16 - (%3) * 4, .back
    %else
EXPECT LANDED, OFF16(.end)
        WANT cs, FREE + 8 + %2
        %assign %%size 2
        %assign %%top INNER_TOP_%2
        WANT_MEMORY word, %%top - 2, SS_AT_%1
        WANT_MEMORY word, %%top - 4, STACK_TOP_%1 - 128
        WANT_MEMORY word, %%top - 6 - (%3) * 2, CS_AT_%1
        mov eax, .back
        WANT_MEMORY word, %%top - 8 - (%3) * 2, ax
    %endif
    mov esi, STACK_TOP_%1 - 128
    mov edi, %%top - 2 * %%size - (%3) * %%size + WANTED
    mov ecx, (%3) * %%size
    rep movsb
    WANT ss, SS_AT_%2
    WANT esp, %%top - (4 + (%3)) * %%size
%endmacro
%macro INNERS 2
    INNER 3, %1, %2, 32
    INNER 3, %1, %2, 16
%endmacro
INNERS 0, 0
INNERS 0, 1
INNERS 0, 2
INNERS 0, 31
INNERS 1, 3
INNERS 2, 5
INNER 2, 0, 1, 32
INNER 1, 0, 4, 32
INNER 2, 1, 2, 16

CHECK call_gate.bits_of_the_count_above_5_do_not_count, "SDM 3A figure 5-8"
    CALL_GATE FREE, CS0, .target, PRESENT | DPL(3) | CALL_GATE32, 0xe0
CODE
    call FREE:0
.back:
    nop
.target:
EXPECT END
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, CS3 | 3, .back

CHECK call_gate.there_and_back, "SDM 2A CALL, 2B RET"
    CALL_GATE FREE, CS0, .inner, PRESENT | DPL(3) | CALL_GATE32, 2
    PUSHED dword, STACK3, 0x11, 0x22
CODE
    call FREE:0
    jmp .end
.inner:
    mov eax, [esp + 8]
    mov ecx, [esp + 12]
    retf 8
EXPECT END
WANT eax, 0x22
WANT ecx, 0x11
WANT esp, STACK3
WANT_ANY STACK0 - 0x40, 0x40

; ---- faults of the stack: #TS and #SS with EXT = 0 ----
%macro INNER_STACK 5  ; name, SS1 in the TSS, its descriptor's access (FREE + 16), vector, code
CHECK call_gate.inner_stack_%1, "SDM 2A CALL"
    CALL_GATE FREE, CS1, .end, PRESENT | DPL(3) | CALL_GATE32
    DECOYS %3
    DESC FREE + 16, 0, 0xfffff, %3, BIG | PAGES_4K
    PUT dword [TSS + TSS_SS1], %2
CODE
    call FREE:0
EXPECT %4, %5
%endmacro
%define GOOD_STACK (PRESENT | DPL(1) | DATA_RW)
INNER_STACK null_selector, 0, GOOD_STACK, TS, 0
INNER_STACK null_selector_with_rpl, 1, GOOD_STACK, TS, 0
INNER_STACK selector_beyond_the_gdt, 0x401, GOOD_STACK, TS, 0x400
INNER_STACK selector_beyond_the_ldt, 0x105, GOOD_STACK, TS, 0x104
INNER_STACK rpl_too_small, FREE + 16, GOOD_STACK, TS, FREE + 16
INNER_STACK rpl_too_big, FREE + 16 + 3, GOOD_STACK, TS, FREE + 16
INNER_STACK dpl_too_small, FREE + 16 + 1, PRESENT | DATA_RW, TS, FREE + 16
INNER_STACK dpl_too_big, FREE + 16 + 1, PRESENT | DPL(3) | DATA_RW, TS, FREE + 16
INNER_STACK read_only, FREE + 16 + 1, PRESENT | DPL(1) | DATA_R, TS, FREE + 16
INNER_STACK code, FREE + 16 + 1, PRESENT | DPL(1) | CODE_XR, TS, FREE + 16
INNER_STACK system, FREE + 16 + 1, PRESENT | DPL(1) | LDT_TYPE, TS, FREE + 16
INNER_STACK absent, FREE + 16 + 1, DPL(1) | DATA_RW, SS, FREE + 16
INNER_STACK absent_and_read_only, FREE + 16 + 1, DPL(1) | DATA_R, TS, FREE + 16

%macro INNER_ROOM 4  ; name, bytes, count, 1 when they are enough
CHECK call_gate.inner_stack_with_%2_bytes_for_%3_parameters, "SDM 2A CALL"
    CALL_GATE FREE, CS1, .target, PRESENT | DPL(3) | CALL_GATE32, %3
    DESC FREE + 16, DATA, 0x7f, PRESENT | DPL(1) | DATA_DOWN_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], FREE + 16 + 1
    PUT dword [TSS + TSS_ESP1], 0x80 + (%2)
    SET esp, STACK3 - 0x20
CODE
    call FREE:0
.back:
    nop
.target:
    %if %4
EXPECT END
WANT cs, CS1 | 1
WANT ss, FREE + 16 + 1
WANT esp, 0x80
WANT_MEMORY dword, DATA + 0x80, .back
WANT_MEMORY dword, DATA + 0x84, CS3 | 3
WANT_MEMORY dword, DATA + 0x80 + (%2) - 8, STACK3 - 0x20
WANT_MEMORY dword, DATA + 0x80 + (%2) - 4, DS3 | 3
    %else
EXPECT SS, FREE + 16
    %endif
%endmacro
INNER_ROOM none, 16, 0, 1
INNER_ROOM none, 15, 0, 0
INNER_ROOM none, 0, 0, 0
INNER_ROOM some, 24, 2, 1
INNER_ROOM some, 23, 2, 0

%macro TSS_ROOM 3  ; name, limit, ring: ring 0 still fits, so the #TS is delivered
CHECK call_gate.tss_limit_%1_is_too_short_for_ring_%3, "SDM 2A CALL"
    DESC FREE + 16, TSS, %2, PRESENT | TSS32_TYPE
    mov eax, FREE + 16
    ltr ax
    CALL_GATE FREE, CS_AT_%3, .target, PRESENT | DPL(3) | CALL_GATE32
CODE
    call FREE:0
.target:
EXPECT TS, FREE + 16
%endmacro
TSS_ROOM 11, 11, 1              ; the fields of ring 1 begin at 12
TSS_ROOM 19, 19, 2
TSS_ROOM 10, 10, 1

; A stack segment with B = 0: SP is what counts
CHECK call_gate.inner_stack_of_16_bits, "SDM 2A CALL, 3A 3.4.5"
    CALL_GATE FREE, CS1, .target, PRESENT | DPL(3) | CALL_GATE32
    PUT dword [TSS + TSS_SS1], DATA16_1 | 1
    PUT dword [TSS + TSS_ESP1], 0x12340000 | STACK1
CODE
    call FREE:0
.back:
    nop
.target:
EXPECT END
WANT cs, CS1 | 1
WANT ss, DATA16_1 | 1
WANT_PUSHED dword, STACK1, DS3 | 3, STACK3, CS3 | 3, .back
WANT_BITS esp, 0xffff               ; whether the upper half comes along is not said for such a stack

; A 16-bit TSS has 16-bit stack pointers
%macro INNER_TSS16 2  ; ring, place of SP in the TSS
CHECK call_gate.inner_stack_from_a_16_bit_tss_for_ring_%1, "SDM 3A 7.6"
    CALL_GATE FREE, CS_AT_%1, .target, PRESENT | DPL(3) | CALL_GATE32
    PUT dword [TSS16_A + 2], (DS0 << 16) | STACK0
    PUT dword [TSS16_A + %2], (SS_AT_%1 << 16) | INNER_TOP_%1
    mov eax, TSS16_A_SEL
    ltr ax
CODE
    call FREE:0
.back:
    nop
.target:
EXPECT END
WANT cs, CS_AT_%1
WANT ss, SS_AT_%1
WANT_PUSHED dword, INNER_TOP_%1, DS3 | 3, STACK3, CS3 | 3, .back
%endmacro
INNER_TSS16 0, 2
INNER_TSS16 1, 6
INNER_TSS16 2, 10

CHECK call_gate.flags_and_data_segments_stay, "SDM 2A CALL"
    CALL_GATE FREE, CS0, .target, PRESENT | DPL(3) | CALL_GATE32
    SET_FLAGS IF | DF | NT | ID | IOPL(2)
    SET es, CS3 | 3
    SET fs, 0
    NEEDS CPUID
CODE
    call FREE:0
.back:
    nop
.target:
EXPECT END
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, CS3 | 3, .back

END_OF_CHECKS

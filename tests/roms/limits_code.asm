; Segment limits of stack and code, of virtual-8086 and real-address mode: SDM 3A 5.3.
%include "lib/rom.inc"
%include "lib/data.inc"

; ================ the stack ================

; SS is FREE, ring 3, base DATA, limit and type as given. Faults must leave everything as it was.
; Memory too: the operation sections of PUSHA, CALL and ENTER ask for room, and for the target's limit, before they push
; (a peer that pushes what fits first differs here).
%macro STACK_FAULT 6+  ; name, ESP, limit, type, flags, instruction
CHECK limits.stack_%1, "SDM 3A 5.3"
    DESC FREE, DATA, %3, PRESENT | DPL(3) | (%4), %5
    SET ss, FREE | 3
    SET esp, %2
    SET edi, DATA2
CODE
    %6
EXPECT SS, 0
%endmacro
; Expand-up, limit FFh, 32-bit
STACK_FAULT push_one_byte_beyond, 0x101, 0xff, DATA_RW, BIG, push eax
STACK_FAULT push_from_far_beyond, 0x10000, 0xff, DATA_RW, BIG, push eax
STACK_FAULT push_below_0_wraps_out, 2, 0xff, DATA_RW, BIG, push eax
STACK_FAULT push_word_at_0_wraps_out, 0, 0xff, DATA_RW, BIG, push ax
STACK_FAULT pop_one_byte_beyond, 0xfd, 0xff, DATA_RW, BIG, pop eax
STACK_FAULT pop_word_one_byte_beyond, 0xff, 0xff, DATA_RW, BIG, pop ax
STACK_FAULT pop_behind_the_end, 0x100, 0xff, DATA_RW, BIG, pop dword [edi]
STACK_FAULT popa_one_byte_beyond, 0xe1, 0xff, DATA_RW, BIG, popad
STACK_FAULT popa_16_one_byte_beyond, 0xf1, 0xff, DATA_RW, BIG, popaw
STACK_FAULT popf_one_byte_beyond, 0xfd, 0xff, DATA_RW, BIG, popfd
STACK_FAULT pop_es_one_byte_beyond, 0xfd, 0xff, DATA_RW, BIG, pop es
STACK_FAULT ret_one_byte_beyond, 0xfd, 0xff, DATA_RW, BIG, ret
STACK_FAULT ret_n_one_byte_beyond, 0xfd, 0xff, DATA_RW, BIG, ret 8
STACK_FAULT retf_one_byte_beyond, 0xf9, 0xff, DATA_RW, BIG, retf
STACK_FAULT retf_16_one_byte_beyond, 0xfd, 0xff, DATA_RW, BIG, o16 retf
STACK_FAULT iret_one_byte_beyond, 0xf5, 0xff, DATA_RW, BIG, iretd
STACK_FAULT iret_16_one_byte_beyond, 0xfb, 0xff, DATA_RW, BIG, iretw
STACK_FAULT leave_with_ebp_far_away, 0x80, 0xff, DATA_RW, BIG, leave
; Expand-up, 16-bit
STACK_FAULT 16_bit_push_at_sp_0_wraps_out, 0, 0xff, DATA_RW, 0, push ax
STACK_FAULT 16_bit_push_at_sp_2_of_4_bytes, 2, 0xffff, DATA_RW, 0, push eax
STACK_FAULT 16_bit_pop_at_ffff, 0xffff, 0xffff, DATA_RW, 0, pop ax
STACK_FAULT 16_bit_pop_at_fffd, 0xfffd, 0xffff, DATA_RW, 0, pop eax
; Expand-down: 80h is the lowest byte
STACK_FAULT expand_down_push_one_byte_below, 0x83, 0x7f, DATA_DOWN_RW, BIG, push eax
STACK_FAULT expand_down_push_word_one_byte_below, 0x81, 0x7f, DATA_DOWN_RW, BIG, push ax
STACK_FAULT expand_down_push_immediate, 0x83, 0x7f, DATA_DOWN_RW, BIG, push dword 5
STACK_FAULT expand_down_push_of_memory, 0x83, 0x7f, DATA_DOWN_RW, BIG, push dword [edi]
STACK_FAULT expand_down_push_ds, 0x81, 0x7f, DATA_DOWN_RW, BIG, o16 push ds
STACK_FAULT expand_down_pushf, 0x83, 0x7f, DATA_DOWN_RW, BIG, pushfd
STACK_FAULT expand_down_pusha_one_byte_below, 0x9f, 0x7f, DATA_DOWN_RW, BIG, pushad
STACK_FAULT expand_down_pusha_with_room_for_one, 0x84, 0x7f, DATA_DOWN_RW, BIG, pushad
STACK_FAULT expand_down_pusha_16_one_byte_below, 0x8f, 0x7f, DATA_DOWN_RW, BIG, pushaw
STACK_FAULT expand_down_call, 0x83, 0x7f, DATA_DOWN_RW, BIG, call $ + 5
STACK_FAULT expand_down_call_of_register, 0x83, 0x7f, DATA_DOWN_RW, BIG, call edi
STACK_FAULT expand_down_call_far, 0x87, 0x7f, DATA_DOWN_RW, BIG, call CS3:0
STACK_FAULT expand_down_enter, 0x83, 0x7f, DATA_DOWN_RW, BIG, enter 0, 0
STACK_FAULT expand_down_enter_of_level_2, 0x8b, 0x7f, DATA_DOWN_RW, BIG, enter 0, 2
STACK_FAULT expand_down_enter_whose_locals_do_not_fit, 0x90, 0x7f, DATA_DOWN_RW, BIG, enter 0x40, 0
STACK_FAULT expand_down_pop_below, 0x7f, 0x7f, DATA_DOWN_RW, BIG, pop eax
STACK_FAULT expand_down_16_bit_pop_at_ffff, 0xffff, 0x7f, DATA_DOWN_RW, 0, pop ax
STACK_FAULT expand_down_16_bit_push_at_0, 0, 0xfffe, DATA_DOWN_RW, 0, push ax
; Addresses by EBP and ESP are the stack's, other registers' are not (SDM 1 table 3-5)
STACK_FAULT address_by_ebp, 0x80, 0xff, DATA_RW, BIG, mov eax, [ebp]
STACK_FAULT address_by_esp, 0x101, 0xff, DATA_RW, BIG, mov eax, [esp]
STACK_FAULT address_by_bp, 0x80, 0xff, DATA_RW, BIG, mov al, [bp + 0]
STACK_FAULT address_by_ss_prefix, 0x80, 0xff, DATA_RW, BIG, mov al, [ss:edi]

; The same borders from inside
%macro STACK_FITS 6+  ; name, ESP, limit, type, flags, instruction; SS as above
CHECK limits.stack_%1, "SDM 3A 5.3"
    DESC FREE, DATA, %3, PRESENT | DPL(3) | (%4), %5
    SET ss, FREE | 3
    SET esp, %2
    SET edi, DATA2
CODE
    %6
EXPECT END
%endmacro
STACK_FITS push_at_the_top, 0x100, 0xff, DATA_RW, BIG, push eax
WANT esp, 0xfc
WANT_MEMORY dword, DATA + 0xfc, 0xa1a2a3a4
STACK_FITS push_at_the_bottom, 4, 0xff, DATA_RW, BIG, push eax
WANT esp, 0
WANT_MEMORY dword, DATA, 0xa1a2a3a4
STACK_FITS pop_at_the_top, 0xfc, 0xff, DATA_RW, BIG, pop eax
WANT esp, 0x100
WANT eax, 0
STACK_FITS expand_down_push_at_the_bottom, 0x84, 0x7f, DATA_DOWN_RW, BIG, push eax
WANT esp, 0x80
WANT_MEMORY dword, DATA + 0x80, 0xa1a2a3a4
STACK_FITS expand_down_pusha_at_the_bottom, 0xa0, 0x7f, DATA_DOWN_RW, BIG, pushad
WANT_PUSHED dword, DATA + 0xa0, 0xa1a2a3a4, 0xc1c2c3c4, 0xd1d2d3d4, 0xb1b2b3b4, 0xa0, 0xe1e2e3e4, 0x51525354, DATA2
WANT esp, 0x80
STACK_FITS expand_down_enter_at_the_bottom, 0x84, 0x7f, DATA_DOWN_RW, BIG, enter 0, 0
WANT ebp, 0x80
WANT esp, 0x80
WANT_MEMORY dword, DATA + 0x80, 0xe1e2e3e4
; An IRET to a 16-bit stack loads SP alone: the upper half of ESP must come by MOV.
%macro STACK_16 3+  ; name, ESP, instruction
CHECK limits.stack_16_bit_%1, "SDM 3A 5.3"
    DESC FREE, DATA, 0xffff, PRESENT | DPL(3) | DATA_RW
    SET ss, FREE | 3
CODE
    mov esp, %2
    %3
EXPECT END
%endmacro
STACK_16 push_uses_sp_alone, 0x12340010, push eax
WANT esp, 0x1234000c
WANT_MEMORY dword, DATA + 0xc, 0xa1a2a3a4
STACK_16 pop_uses_sp_alone, 0x1234000c, pop eax
WANT esp, 0x12340010
WANT eax, 0
STACK_16 pop_wraps_sp, 0xfffe, pop ax
WANT esp, 0
WANT eax, 0xa1a20000
STACK_16 enter_keeps_the_upper_halves, 0x12340080, o16 enter 8, 0
WANT esp, 0x12340076
WANT ebp, 0xe1e2007e
WANT_MEMORY word, DATA + 0x7e, 0xe3e4

; ================ code ================

; CS is FREE with base 0; its limit ends %3 bytes behind the label .last
%macro CODE_LIMIT 3  ; name, CPL, bytes behind .last that are still inside (-1: .last itself is outside)
CHECK limits.code_%1, "SDM 3A 5.3"
    IN PM32, %2
    DESC FREE, 0, ADDR(.last) + (%3), PRESENT | DPL(%2) | CODE_XR | ACCESSED, BIG
    SET cs, FREE | %2
%endmacro

%macro FETCH_BEYOND 2  ; CPL, bytes of the MOV that are inside
CODE_LIMIT %2_bytes_of_5_inside_at_cpl_%1, %1, %2 - 1
CODE
    nop
    AT
.last:
    mov eax, 0x12345678
EXPECT GP, 0
%endmacro
%assign inside 0
%rep 5
    FETCH_BEYOND 3, inside
    FETCH_BEYOND 0, inside
    %assign inside inside + 1
%endrep

CODE_LIMIT instruction_that_ends_at_the_limit, 3, 6
CODE
.last:
    mov eax, 0x12345678     ; five bytes, and the UD2 of the end
EXPECT END
WANT eax, 0x12345678

; The limit ends with the transfer, the target is beyond. The transfer faults, and has done nothing.
%macro JUMP_BEYOND 3  ; name, CPL, instruction
CODE_LIMIT %1_beyond_faults_itself_at_cpl_%2, %2, 31
    SET edi, .target
    PUT dword [DATA], .target
    SET ecx, 1
CODE
    AT
.last:
    %3
    times 64 nop
.target:
EXPECT GP, 0
%endmacro
%macro JUMPS_BEYOND 2
    JUMP_BEYOND %1, 3, {%2}
    JUMP_BEYOND %1, 0, {%2}
%endmacro
JUMPS_BEYOND jmp_near, {jmp near .target}
JUMPS_BEYOND jmp_short, {jmp short .target}
JUMPS_BEYOND jmp_register, {jmp edi}
JUMPS_BEYOND jmp_memory, {jmp [DATA]}
JUMPS_BEYOND jc_short, {jc short .target}
JUMPS_BEYOND jc_near, {jc near .target}
JUMPS_BEYOND call_near, {call .target}
JUMPS_BEYOND call_register, {call edi}
JUMPS_BEYOND call_memory, {call [DATA]}
JUMPS_BEYOND jmp_far, {jmp FREE:.target}
JUMPS_BEYOND call_far, {call FREE:.target}
JUMPS_BEYOND jmp_far_memory, {jmp far [DATA]}

; ECX, ESP: counters and stack stay, too
CODE_LIMIT loop_beyond_keeps_ecx, 3, 31
    SET ecx, 2
CODE
    AT
.last:
    loop .target
    times 64 nop
.target:
EXPECT GP, 0

CODE_LIMIT jecxz_beyond, 3, 31
    SET ecx, 0
CODE
    AT
.last:
    jecxz .target
    times 64 nop
.target:
EXPECT GP, 0

CODE_LIMIT ret_beyond_keeps_esp, 3, 31
    PUT dword [STACK3 - 8], .target
    SET esp, STACK3 - 8
CODE
    AT
.last:
    ret 4
    times 64 nop
.target:
EXPECT GP, 0

CODE_LIMIT retf_beyond_keeps_esp, 3, 31
    PUT dword [STACK3 - 8], .target
    PUT dword [STACK3 - 4], FREE | 3
    SET esp, STACK3 - 8
CODE
    AT
.last:
    retf
    times 64 nop
.target:
EXPECT GP, 0

CODE_LIMIT jump_not_taken_is_not_checked, 3, 31
CODE
.last:
    jnc .target
    ud2
    times 64 nop
.target:
EXPECT LANDED, .last + 2

CHECK limits.code_16_bit_jump_clears_the_upper_half_of_eip, "SDM 2A JMP"
    DESC FREE, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG
    SET cs, FREE | 3
    SET eip, OFF16(.code)
    SET edi, 0x12340000 + OFF16(.target)
CODE
    o16 jmp di
    ud2
.target:
EXPECT LANDED, OFF16(.end)

CHECK limits.code_32_bit_jump_does_not_clear_it, "SDM 2A JMP"
    DESC FREE, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG
    SET cs, FREE | 3
    SET eip, OFF16(.code)
    SET edi, 0x12340000 + OFF16(.target)
CODE
    jmp edi
.target:
EXPECT GP, 0
WANT eip, OFF16(.code)

CHECK limits.code_16_bit_ret_clears_the_upper_half_of_eip, "SDM 2B RET"
    DESC FREE, 0xf0000, 0xffff, PRESENT | DPL(3) | CODE_XR | ACCESSED, BIG
    SET cs, FREE | 3
    SET eip, OFF16(.code)
    SET esp, STACK3 - 2
    mov eax, OFF16(.target)
    mov [STACK3 - 2], ax
CODE
    o16 ret
    ud2
.target:
EXPECT LANDED, OFF16(.end)
WANT esp, STACK3

; ---- the length of an instruction (SDM 3A 6.15, #GP: "exceeding 15 bytes") ----
%macro LENGTH_FITS 4+  ; mode, prefixes, prefix, instruction
CHECK limits.%2_prefixes_%3_and_an_instruction_are_not_too_long_in_%1, "SDM 3A 6.15"
    IN %1, 3
CODE
    times %2 db %3
    %4
EXPECT END
%endmacro
%macro LENGTH_FAULTS 4+
CHECK limits.%2_prefixes_%3_and_an_instruction_are_too_long_in_%1, "SDM 3A 6.15"
    IN %1, 3
CODE
    times %2 db %3
    %4
    %ifidni %1, REAL
EXPECT GP
    %else
EXPECT GP, 0
    %endif
%endmacro
LENGTH_FITS PM32, 14, 0x3e, nop
LENGTH_FAULTS PM32, 15, 0x3e, nop
LENGTH_FAULTS PM32, 30, 0x3e, nop
LENGTH_FITS PM32, 14, 0x67, nop
LENGTH_FAULTS PM32, 15, 0x66, nop
LENGTH_FITS PM16, 14, 0x26, nop
LENGTH_FAULTS PM16, 15, 0x26, nop
LENGTH_FITS V86, 14, 0x26, nop
LENGTH_FAULTS V86, 15, 0x26, nop
LENGTH_FITS REAL, 14, 0x26, nop
LENGTH_FAULTS REAL, 15, 0x26, nop
LENGTH_FITS PM32, 13, 0x64, {mov eax, eax}
LENGTH_FAULTS PM32, 14, 0x64, {mov eax, eax}
LENGTH_FAULTS PM32, 11, 0x65, {mov eax, 0xa1a2a3a4}
LENGTH_FITS PM32, 10, 0x65, {mov eax, 0xa1a2a3a4}
; Too long and privileged, too long and undefined: too long (the decoder sees it first)
LENGTH_FAULTS PM32, 15, 0x2e, {ud2}

; ================ virtual-8086 and real-address mode: 64 KiB each ================

%macro LIMIT_64K 6+  ; mode, name, vector, register, value, instruction
CHECK limits.%2_in_%1, "SDM 3A 5.3, 3B 20.1"
    IN %1
    SET %4, %5
CODE
    %6
    %ifidni %1, REAL
EXPECT %3
    %else
EXPECT %3, 0
    %endif
%endmacro
%macro LIMITS_64K 5+
    LIMIT_64K V86, %1, %2, %3, %4, %5
    LIMIT_64K REAL, %1, %2, %3, %4, %5
%endmacro
LIMITS_64K word_read_at_ffff, GP, edi, 0xffff, mov ax, [di]
LIMITS_64K word_write_at_ffff, GP, edi, 0xffff, mov [di], ax
LIMITS_64K dword_read_at_fffd, GP, edi, 0xfffd, mov eax, [di]
LIMITS_64K dword_write_at_fffe, GP, edi, 0xfffe, mov [es:di], eax
LIMITS_64K byte_read_at_10000, GP, edi, 0x10000, mov al, [edi]
LIMITS_64K byte_write_at_10000, GP, edi, 0x10000, mov [fs:edi], al
LIMITS_64K byte_read_at_ffffffff, GP, edi, 0xffffffff, mov al, [gs:edi]
LIMITS_64K word_read_of_stack_at_ffff, SS, ebp, 0xffff, mov ax, [bp]
LIMITS_64K byte_read_of_stack_at_10000, SS, ebp, 0x10000, mov al, [ebp]
LIMITS_64K lods_at_ffff, GP, esi, 0xffff, lodsw
LIMITS_64K stos_at_fffd, GP, edi, 0xfffd, stosd
LIMITS_64K xlat_beyond, GP, ebx, 0x10000, a32 xlatb
LIMITS_64K pop_at_ffff, SS, esp, 0xffff, pop ax
LIMITS_64K dword_pop_at_fffd, SS, esp, 0xfffd, pop eax
LIMITS_64K jump_beyond, GP, edi, 0x10000, jmp edi
LIMITS_64K call_beyond, GP, edi, 0x12345, call edi

%macro WRAP_64K 1
CHECK limits.byte_offsets_wrap_at_64k_in_%1, "SDM 1 3.3.5"
    IN %1
    FILL_DATA
    SET esi, 0xffff
    SET ebx, 0x1234fff0
CODE
    lodsb
    mov ah, [bx + 0x10]             ; the sum has 16 bits
EXPECT END
WANT eax, 0xa1a20000 | PATTERN1(DATA) << 8
WANT_BITS eax, 0xffffff00           ; what lies at the end of the 64 KiB is the machine's
WANT esi, 0
%endmacro
WRAP_64K V86
WRAP_64K REAL

; SS has base 0: the top of the 64 KiB is not watched
%macro STACK_WRAPS_64K 1
CHECK limits.push_at_sp_0_wraps_in_%1, "SDM 1 6.2.3"
    IN %1
    SET esp, 0
CODE
    push ax
    pop cx
    push ax
    mov dx, sp
    mov sp, 0
EXPECT END
WANT ecx, 0xc1c2a3a4
WANT edx, 0xd1d2fffe
%endmacro
STACK_WRAPS_64K V86
STACK_WRAPS_64K REAL

END_OF_CHECKS

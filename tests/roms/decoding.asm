; How instructions are decoded: LOCK, the limit of 15 bytes, prefixes, operand and address size, default segments; CPUID.
; SDM 2A 2.1, 2A LOCK, 3A 6.15 (#GP, #UD), 2A CPUID.
%include "lib/rom.inc"

STATUS          equ CF | PF | AF | ZF | SF | OF
SPOT            equ DATA + 0x30

; ================ LOCK ================

; Allowed with a destination in memory; memory, EAX, EDX are 0 and ECX, EBX are 1 before.
%macro LOCK_OK 4  ; name, needs, dword of memory afterwards, code
CHECK lock.%1_of_memory_is_allowed, "SDM 2A LOCK"
    NEEDS %2
    SET eflags, 2 | ZF | PF
    SET eax, 0
    SET edx, 0
    SET ecx, 1
    SET ebx, 1
CODE
    db 0xf0
    %4
EXPECT END
WANT_MEMORY dword, SPOT, %3
WANT_BITS eflags, ~(STATUS | RF)    ; the subject of others
%endmacro
LOCK_OK add, I486, 1, {add [SPOT], ecx}
LOCK_OK add_imm, I486, 5, {add dword [SPOT], 5}
LOCK_OK adc, I486, 1, {adc [SPOT], ecx}
LOCK_OK and, I486, 0, {and [SPOT], ecx}
LOCK_OK or, I486, 1, {or [SPOT], ecx}
LOCK_OK xor, I486, 1, {xor [SPOT], ecx}
LOCK_OK sub, I486, -1, {sub [SPOT], ecx}
LOCK_OK sbb, I486, -1, {sbb [SPOT], ecx}
LOCK_OK add_byte, I486, 1, {add [SPOT], cl}
LOCK_OK add_word, I486, 1, {add [SPOT], cx}
LOCK_OK inc, I486, 1, {inc dword [SPOT]}
LOCK_OK dec, I486, -1, {dec dword [SPOT]}
LOCK_OK neg, I486, 0, {neg dword [SPOT]}
LOCK_OK not, I486, -1, {not dword [SPOT]}
LOCK_OK bts, I486, 2, {bts [SPOT], ecx}
LOCK_OK bts_imm, I486, 8, {bts dword [SPOT], 3}
LOCK_OK btr, I486, 0, {btr [SPOT], ecx}
LOCK_OK btc, I486, 2, {btc [SPOT], ecx}
LOCK_OK cmpxchg, I486, 1, {cmpxchg [SPOT], ecx}
LOCK_OK cmpxchg8b, CX8, 1, {cmpxchg8b [SPOT]}
WANT_MEMORY dword, SPOT + 4, 1
LOCK_OK xadd, I486, 1, {xadd [SPOT], ecx}
WANT ecx, 0
LOCK_OK xchg, I486, 1, {xchg [SPOT], ecx}
WANT ecx, 0

%macro LOCK_UD 2  ; name, code
CHECK lock.%1_is_ud, "SDM 2A LOCK"
    SET ebx, SPOT
    SET esi, SPOT
    SET edi, SPOT
    SET ecx, 1                      ; a processor that repeats comes to an end
    SET_FLAGS IOPL(3)
CODE
    db 0xf0
    %2
EXPECT UD
%endmacro
; the same with a register as destination
LOCK_UD add_to_register, {add eax, ecx}
LOCK_UD add_from_memory, {add eax, [ebx]}
LOCK_UD add_imm_to_register, {add ecx, 5}
LOCK_UD add_imm_to_eax, {add eax, 0x12345678}
LOCK_UD adc_to_register, {adc eax, ecx}
LOCK_UD and_to_register, {and eax, ecx}
LOCK_UD or_to_register, {or eax, ecx}
LOCK_UD xor_to_register, {xor eax, ecx}
LOCK_UD sub_to_register, {sub eax, ecx}
LOCK_UD sbb_from_memory, {sbb eax, [ebx]}
LOCK_UD inc_of_register, {inc eax}
LOCK_UD inc_of_register_by_ff, {db 0xff, 0xc0}
LOCK_UD dec_of_register, {dec cl}
LOCK_UD neg_of_register, {neg eax}
LOCK_UD not_of_register, {not eax}
LOCK_UD cmpxchg_of_register, {cmpxchg eax, ecx}
LOCK_UD xadd_of_register, {xadd eax, ecx}
LOCK_UD xchg_of_register, {xchg ecx, edx}
LOCK_UD xchg_with_eax, {xchg eax, ecx}
; and what never takes it
LOCK_UD cmp, {cmp [ebx], eax}
LOCK_UD cmp_imm, {cmp dword [ebx], 5}
LOCK_UD test, {test [ebx], eax}
LOCK_UD test_imm, {test dword [ebx], 5}
LOCK_UD bt, {bt [ebx], eax}
LOCK_UD bt_imm, {bt dword [ebx], 3}
LOCK_UD mov, {mov [ebx], eax}
LOCK_UD mov_imm, {mov dword [ebx], 5}
LOCK_UD mov_from_memory, {mov eax, [ebx]}
LOCK_UD mov_segment, {mov [ebx], ds}
LOCK_UD mul, {mul dword [ebx]}
LOCK_UD imul, {imul eax, [ebx]}
LOCK_UD div, {div dword [ebx]}
LOCK_UD shl, {shl dword [ebx], 1}
LOCK_UD rol, {rol dword [ebx], 3}
LOCK_UD sar_cl, {sar dword [ebx], cl}
LOCK_UD shld, {shld [ebx], eax, 3}
LOCK_UD push, {push dword [ebx]}
LOCK_UD push_register, {push eax}
LOCK_UD pop, {pop dword [ebx]}
LOCK_UD movs, {movsd}
LOCK_UD stos, {stosd}
LOCK_UD cmps, {cmpsd}
LOCK_UD rep_movs, {rep movsd}
LOCK_UD ins, {insb}
LOCK_UD lea, {lea eax, [ebx]}
LOCK_UD nop, {nop}
LOCK_UD setcc, {setc [ebx]}
LOCK_UD movzx, {movzx eax, byte [ebx]}
LOCK_UD bsf, {bsf eax, [ebx]}
LOCK_UD bswap, {bswap eax}
LOCK_UD jmp, {jmp short .end}
LOCK_UD jcc, {jc .end}
LOCK_UD call, {call .end}
LOCK_UD call_of_memory, {call [ebx]}
LOCK_UD ret, {ret}
LOCK_UD int_n, {int 40h}
LOCK_UD int3, {int3}
LOCK_UD iret, {iretd}
LOCK_UD in, {in al, dx}
LOCK_UD out, {out dx, al}
LOCK_UD clc, {clc}
LOCK_UD cld, {cld}
LOCK_UD pushf, {pushfd}
LOCK_UD popf, {popfd}
LOCK_UD sahf, {sahf}
LOCK_UD daa, {daa}
LOCK_UD aam, {aam}
LOCK_UD xlat, {xlatb}
LOCK_UD enter, {enter 8, 0}
LOCK_UD leave, {leave}
LOCK_UD bound, {bound eax, [ebx]}
LOCK_UD arpl, {arpl [ebx], ax}
LOCK_UD lar, {lar eax, [ebx]}
LOCK_UD verr, {verr [ebx]}
LOCK_UD sldt, {sldt [ebx]}
LOCK_UD sgdt, {sgdt [ebx]}
LOCK_UD smsw, {smsw [ebx]}
LOCK_UD lds, {lds eax, [ebx]}
LOCK_UD cpuid, {cpuid}
LOCK_UD fld1, {fld1}
LOCK_UD fst, {fst dword [ebx]}
LOCK_UD fwait, {fwait}
; The opcode is looked at before the privilege and before memory.
LOCK_UD hlt, {hlt}
LOCK_UD lgdt, {lgdt [ebx]}
LOCK_UD invlpg, {invlpg [ebx]}
LOCK_UD invd, {invd}
LOCK_UD clts, {clts}
LOCK_UD mov_cr3, {mov cr3, eax}
LOCK_UD rdmsr, {rdmsr}
LOCK_UD ltr, {ltr [ebx]}
LOCK_UD ud2, {ud2}

%macro LOCK_MODE 2
CHECK lock.mov_is_ud_in_%1_at_cpl_%2, "SDM 2A LOCK"
    IN %1, %2
CODE
    db 0xf0
    mov [SPOT & 0xff], ax
EXPECT UD
CHECK lock.after_other_prefixes_is_ud_in_%1_at_cpl_%2, "SDM 2A LOCK"
    IN %1, %2
CODE
    db 0x3e, 0x66, 0xf0
    nop
EXPECT UD
%endmacro
LOCK_MODE PM32, 0
LOCK_MODE PM16, 0
LOCK_MODE PM16, 3
LOCK_MODE V86, 3
LOCK_MODE REAL, 0

CHECK lock.is_ud_before_the_page_fault, "SDM 3A 6.9"
    PAGING P32
CODE
    db 0xf0
    mov [WINDOW], eax
EXPECT UD

CHECK lock.add_to_an_absent_page_is_pf, "SDM 2A ADD"
    PAGING P32
CODE
    lock add [WINDOW], eax
EXPECT PF, 6
WANT cr2, WINDOW
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open

CHECK lock.add_to_a_read_only_segment_is_gp, "SDM 2A ADD"
    DESC FREE, 0, 0xfffff, PRESENT | DPL(3) | DATA_R, BIG | PAGES_4K
    SET fs, FREE | 3
CODE
    lock add [fs:SPOT], eax
EXPECT GP, 0

; ================ 15 bytes ================

%macro LENGTH 4  ; mode, CPL, number of prefixes, prefix
    %assign length %3 + 1
    %if %3 < 15
CHECK length.%4_%3_times_and_nop_in_%1_at_cpl_%2_are_allowed, "SDM 2A 2.3.11, 3A 6.15 #GP"
    IN %1, %2
CODE
    times %3 db %4
    nop
EXPECT END
    %else
CHECK length.%4_%3_times_and_nop_in_%1_at_cpl_%2_are_gp, "SDM 2A 2.3.11, 3A 6.15 #GP"
    IN %1, %2
CODE
    times %3 db %4
    nop
EXPECT GP, LENGTH_ERROR_%1
    %endif
%endmacro
LENGTH_ERROR_PM32 equ 0
LENGTH_ERROR_PM16 equ 0
LENGTH_ERROR_V86 equ 0
LENGTH_ERROR_REAL equ NO_ERROR
%macro LENGTHS 3
    LENGTH %1, %2, 14, %3
    LENGTH %1, %2, 15, %3
%endmacro
LENGTHS PM32, 3, 0x66
LENGTHS PM32, 3, 0x67
LENGTHS PM32, 3, 0x26
LENGTHS PM32, 3, 0x2e
LENGTHS PM32, 3, 0x36
LENGTHS PM32, 3, 0x3e
LENGTHS PM32, 3, 0x64
LENGTHS PM32, 3, 0x65
LENGTHS PM32, 3, 0xf2
LENGTHS PM32, 3, 0xf3
LENGTHS PM32, 0, 0x66
LENGTHS PM16, 3, 0x66
LENGTHS V86, 3, 0x66
LENGTHS REAL, 0, 0x66
LENGTH PM32, 3, 16, 0x3e
LENGTH PM32, 3, 100, 0x3e
LENGTH REAL, 0, 100, 0x26

%macro LENGTH_FULL 1
CHECK length.add_imm_to_memory_with_%1_prefixes, "SDM 2A 2.3.11"
    CLEAR_FLAGS STATUS
CODE
    times %1 db 0x3e
    db 0x81, 0x05
    dd SPOT, 0x12345678
%endmacro
LENGTH_FULL 5
EXPECT END
WANT_MEMORY dword, SPOT, 0x12345678
WANT_FLAGS PF, 0
LENGTH_FULL 6
EXPECT GP, 0

; ================ prefixes ================

; MOV AX, FS:[BX + SI] by every order of its three prefixes: 16 bits of operand, address and sum
%macro ORDER 3
CHECK prefix.order_%1_%2_%3, "SDM 2A 2.1.1"
    DESC FREE, DATA, 0xffff, PRESENT | DPL(3) | DATA_RW
    SET fs, FREE | 3
    SET ebx, 0x1234fff0
    SET esi, 0x56780040
    PUT dword [SPOT], 0x11223344
CODE
    db %1, %2, %3, 0x8b, 0x00
EXPECT END
WANT eax, 0xa1a23344
%endmacro
ORDER 0x64, 0x66, 0x67
ORDER 0x64, 0x67, 0x66
ORDER 0x66, 0x64, 0x67
ORDER 0x66, 0x67, 0x64
ORDER 0x67, 0x64, 0x66
ORDER 0x67, 0x66, 0x64

; REP MOVSW by every order: SI, DI, CX alone are used and changed
%macro ORDER_REP 3
CHECK prefix.order_%1_%2_%3_of_movs, "SDM 2A 2.1.1, 2B REP"
    SET ecx, 0x12340002
    SET esi, 0x56780000 | SPOT
    SET edi, 0x9abc0000 | (SPOT + 0x10)
    PUT dword [SPOT], 0x11223344
CODE
    db %1, %2, %3, 0xa5
EXPECT END
WANT ecx, 0x12340000
WANT esi, 0x56780000 | (SPOT + 4)
WANT edi, 0x9abc0000 | (SPOT + 0x14)
WANT_MEMORY dword, SPOT + 0x10, 0x11223344
%endmacro
ORDER_REP 0xf3, 0x66, 0x67
ORDER_REP 0xf3, 0x67, 0x66
ORDER_REP 0x66, 0xf3, 0x67
ORDER_REP 0x66, 0x67, 0xf3
ORDER_REP 0x67, 0xf3, 0x66
ORDER_REP 0x67, 0x66, 0xf3

CHECK prefix.operand_size_twice_is_once, "SDM 2A 2.1.1"
CODE
    db 0x66, 0x66
    mov eax, 0x90901234             ; 16 bits: the rest are two NOPs
EXPECT END
WANT eax, 0xa1a21234

CHECK prefix.operand_size_in_16_bit_code_is_32_bits, "SDM 2A 2.1.1"
    IN PM16, 3
CODE
    db 0x66, 0xb8
    dd 0x12345678
EXPECT END
WANT eax, 0x12345678

CHECK prefix.f3_90_is_a_nop, "SDM 2B PAUSE"
CODE
    db 0xf3, 0x90
EXPECT END

CHECK prefix.branch_hints_do_nothing, "SDM 2A 2.1.1"
CODE
    db 0x3e
    jc .taken
    hlt
.taken:
    db 0x2e
    jnc .end
EXPECT END

; ================ operand size of branches and the stack ================

; UD2 at DATA is where EIP lands when it is cut to 16 bits.
%macro CUT 1
CHECK operand16.%1, "SDM 2A, 2B: EIP AND 0000FFFFH"
    PUT word [DATA], 0x0b0f
%endmacro
CUT near_jmp_cuts_eip
CODE
    db 0x66, 0xe9
    dw DATA - OFF16(.next)
.next:
    hlt
EXPECT LANDED, DATA

CUT near_call_cuts_eip_and_pushes_a_word
CODE
    db 0x66, 0xe8
    dw DATA - OFF16(.next)
.next:
    hlt
EXPECT LANDED, DATA
WANT_PUSHED word, STACK3, OFF16(.next)

CUT near_ret_pops_a_word
    SET esp, STACK3 - 2
    PUT word [STACK3 - 2], DATA
CODE
    o16 ret
EXPECT LANDED, DATA
WANT esp, STACK3

CUT jcc_cuts_eip
CODE
    db 0x66, 0x0f, 0x82
    dw DATA - OFF16(.next)
.next:
    hlt
EXPECT LANDED, DATA

CUT jcc_not_taken_does_not_cut_eip
CODE
    db 0x66, 0x0f, 0x83
    dw DATA - OFF16(.next)
.next:
EXPECT END

CUT indirect_jmp_takes_16_bits
    SET eax, 0xa1a20000 | DATA
CODE
    o16 jmp ax
EXPECT LANDED, DATA

%macro PUSHES 4+  ; name, what is pushed as words, number of words, code
CHECK operand16.%1, "SDM 2B PUSH"
CODE
    %4
EXPECT END
WANT esp, STACK3 - 2 * %3
WANT_MEMORY word, STACK3 - 2, %2
%endmacro
PUSHES push_register_pushes_a_word, 0xa3a4, 1, push ax
PUSHES push_imm8_is_sign_extended_to_a_word, 0xff85, 1, {db 0x66, 0x6a, 0x85}
PUSHES push_imm16_pushes_a_word, 0x1234, 1, {db 0x66, 0x68, 0x34, 0x12}
PUSHES push_segment_pushes_a_word, DS3 | 3, 1, {db 0x66, 0x1e}

CHECK operand16.pusha_pushes_words, "SDM 2B PUSHA"
CODE
    o16 pusha
EXPECT END
WANT_PUSHED word, STACK3, 0xa3a4, 0xc3c4, 0xd3d4, 0xb3b4, STACK3, 0xe3e4, 0x5354, 0x7374

; ================ address size ================

%macro COUNTERS 5  ; name, ECX before, ECX afterwards, taken, code
CHECK address16.%1, "SDM 2A LOOP, JCC"
    SET ecx, %2
CODE
    %5
    %if %4
    hlt
    %endif
.target:
EXPECT END
WANT ecx, %3
%endmacro
COUNTERS loop_counts_cx, 0x12340002, 0x12340001, 1, {a16 loop .target}
COUNTERS loop_wraps_cx, 0x12340000, 0x1234ffff, 1, {a16 loop .target}
COUNTERS loop_ends_with_cx, 0x12340001, 0x12340000, 0, {a16 loop .code}
COUNTERS jcxz_looks_at_cx, 0x12340000, 0x12340000, 1, {a16 jcxz .target}
COUNTERS jecxz_looks_at_ecx, 0x12340000, 0x12340000, 0, {a32 jecxz .code}

CHECK address16.rep_counts_cx, "SDM 2B REP"
    SET ecx, 0x12340000
CODE
    a16 rep stosb
EXPECT END

CHECK address16.xlat_adds_in_16_bits, "SDM 2B XLAT"
    SET ebx, 0x12340000 + SPOT - 0x10
    SET eax, 0x10
    PUT byte [SPOT], 0x5a
CODE
    a16 xlatb
EXPECT END
WANT eax, 0x5a

CHECK address16.moffs_has_16_bits, "SDM 2B MOV"
    PUT dword [SPOT], 0x11223344
CODE
    db 0x67, 0xa1
    dw SPOT
EXPECT END
WANT eax, 0x11223344

; ModRM and SIB by address: the register read is the address itself, by LEA
%macro LEA32 3+  ; name, result, bytes behind the opcode
CHECK lea.%1, "SDM 2A tables 2-1 to 2-3"
    SET eax, 0x1000
    SET ecx, 0x200
    SET edx, 0x30
    SET ebx, 0x4
    SET ebp, 0x50000
    SET esi, 0x600000
    SET edi, 0x7000000
CODE
    db 0x8d, %3
EXPECT END
WANT eax, %2
%endmacro
LEA32 eax, 0x1000, 0x00
LEA32 ecx, 0x200, 0x01
LEA32 edx, 0x30, 0x02
LEA32 ebx, 0x4, 0x03
LEA32 disp32, 0x12345678, 0x05, 0x78, 0x56, 0x34, 0x12
LEA32 esi, 0x600000, 0x06
LEA32 edi, 0x7000000, 0x07
LEA32 ebp_disp8, 0x4ff80, 0x45, 0x80
LEA32 ecx_disp8, 0x1ff, 0x41, 0xff
LEA32 ecx_disp32, 0x80000200, 0x81, 0, 0, 0, 0x80
LEA32 esp_by_sib, STACK3, 0x04, 0x24
LEA32 esp_disp8_by_sib, STACK3 + 0x10, 0x44, 0x24, 0x10
LEA32 no_index_whatever_the_scale, STACK3, 0x04, 0xe4
LEA32 ecx_plus_edx, 0x230, 0x04, 0x11
LEA32 ecx_plus_edx_2, 0x260, 0x04, 0x51
LEA32 ecx_plus_edx_4, 0x2c0, 0x04, 0x91
LEA32 ecx_plus_edx_8, 0x380, 0x04, 0xd1
LEA32 no_base_edx_8_disp32, 0x12345678 + 0x180, 0x04, 0xd5, 0x78, 0x56, 0x34, 0x12
LEA32 ebp_base_with_disp8, 0x50030 + 1, 0x44, 0x15, 1
LEA32 ebp_base_with_disp32, 0x50030 + 1, 0x84, 0x15, 1, 0, 0, 0
LEA32 ebp_index, 0x50200, 0x04, 0x29
LEA32 sum_wraps_at_4g, 0x6fffff0, 0x87, 0xf0, 0xff, 0xff, 0xff

%macro LEA16 3+
CHECK lea.a16_%1, "SDM 2A table 2-1"
    SET ebx, 0x11111000
    SET ebp, 0x22220200
    SET esi, 0x33330030
    SET edi, 0x44440004
CODE
    db 0x67, 0x8d, %3
EXPECT END
WANT eax, %2
%endmacro
LEA16 bx_si, 0x1030, 0x00
LEA16 bx_di, 0x1004, 0x01
LEA16 bp_si, 0x230, 0x02
LEA16 bp_di, 0x204, 0x03
LEA16 si, 0x30, 0x04
LEA16 di, 0x4, 0x05
LEA16 disp16, 0x1234, 0x06, 0x34, 0x12
LEA16 bx, 0x1000, 0x07
LEA16 bp_disp8, 0x180, 0x46, 0x80
LEA16 bx_si_disp8, 0x102f, 0x40, 0xff
LEA16 bx_disp16_wraps, 0x0ff0, 0x87, 0xf0, 0xff
LEA16 si_disp16_wraps, 0, 0x84, 0xd0, 0xff

; ---- default segments: DS is null and any access through it #GP(0) ----
%macro THROUGH_SS 3+  ; name, width of the address, bytes of the operand behind the opcode
CHECK segment.%1_uses_ss, "SDM 1 3.7.4"
    SET ds, 0
    SET eax, 0
    SET ebp, SPOT
    SET esi, 0
    SET edi, 0
CODE
    %if %2 == 16
        db 0x67
    %endif
    db 0x8a, %3
EXPECT END
%endmacro
%macro THROUGH_DS 3+
CHECK segment.%1_uses_ds, "SDM 1 3.7.4"
    SET ds, 0
    SET eax, 0
    SET ebx, 0
    SET ebp, SPOT
    SET esi, 0
    SET edi, 0
CODE
    %if %2 == 16
        db 0x67
    %endif
    db 0x8a, %3
EXPECT GP, 0
%endmacro
THROUGH_SS ebp, 32, 0x45, 0
THROUGH_SS ebp_disp32, 32, 0x85, 0, 0, 0, 0
THROUGH_SS ebp_base_with_index, 32, 0x44, 0x05, 0
THROUGH_SS bp, 16, 0x46, 0
THROUGH_SS bp_si, 16, 0x02
THROUGH_SS bp_di, 16, 0x03
THROUGH_SS bp_disp16, 16, 0x86, 0, 0
THROUGH_DS eax, 32, 0x00
THROUGH_DS disp32, 32, 0x05, 0, 0x80, 0, 0
THROUGH_DS ebp_as_index, 32, 0x04, 0x28
THROUGH_DS ebp_as_index_without_base, 32, 0x04, 0x2d, 0, 0, 0, 0
THROUGH_DS bx_si, 16, 0x00
THROUGH_DS bx_di, 16, 0x01
THROUGH_DS si, 16, 0x04
THROUGH_DS di, 16, 0x05
THROUGH_DS bx, 16, 0x07
THROUGH_DS disp16, 16, 0x06, 0, 0x80

%macro OVERRIDE 4  ; name, null segment, works, code
CHECK segment.%1, "SDM 1 3.7.4, 2A 2.1.1"
    SET %2, 0
    SET eax, 0
    SET ebx, SPOT
    SET ebp, SPOT
    SET esi, SPOT
    SET edi, SPOT + 0x10
CODE
    %4
    %if %3
EXPECT END
    %else
EXPECT GP, 0
    %endif
%endmacro
OVERRIDE ds_prefix_on_ebp, ds, 0, {mov al, [ds:ebp]}
OVERRIDE ss_prefix_on_ebx, ds, 1, {mov al, [ss:ebx]}
OVERRIDE es_prefix, es, 0, {mov al, [es:ebx]}
OVERRIDE fs_prefix, fs, 0, {mov al, [fs:ebx]}
OVERRIDE gs_prefix, gs, 0, {mov al, [gs:ebx]}
OVERRIDE es_prefix_without_ds, ds, 1, {mov al, [es:ebx]}
OVERRIDE stos_uses_es, es, 0, {stosb}
OVERRIDE stos_ignores_the_prefix, es, 0, {db 0x3e, 0xaa}
OVERRIDE scas_uses_es, es, 0, {scasb}
OVERRIDE lods_uses_ds, ds, 0, {lodsb}
OVERRIDE movs_source_is_ds, ds, 0, {movsb}
OVERRIDE movs_destination_is_es, es, 0, {movsb}
OVERRIDE cmps_destination_is_es, es, 0, {cmpsb}
OVERRIDE xlat_uses_ds, ds, 0, {xlatb}
OVERRIDE xlat_with_a_prefix, ds, 1, {es xlatb}
OVERRIDE moffs_uses_ds, ds, 0, {mov al, [SPOT]}
OVERRIDE push_of_memory_reads_ds, ds, 0, {push dword [ebx]}
OVERRIDE lea_uses_none, ds, 1, {lea ebx, [ebx]}

; ================ encodings ================

CHECK encoding.group_1_82_is_80, "SDM 2D A-6"
    CLEAR_FLAGS STATUS
CODE
    db 0x82, 0xc1, 5                ; add cl, 5
EXPECT END
WANT ecx, 0xc1c2c3c9
WANT_FLAGS SF | PF, 0

CHECK encoding.nop_of_many_bytes_reads_nothing, "SDM 2B NOP"
    PAGING P32
    NEEDS P6
CODE
    db 0x0f, 0x1f, 0x05
    dd WINDOW
EXPECT END

CHECK encoding.prefetch_reads_nothing, "SDM 2B PREFETCHh"
    PAGING P32
    NEEDS SSE
CODE
    prefetchnta [WINDOW]
EXPECT END

; ================ CPUID ================

%macro CPUID_IN 2
CHECK cpuid.leaf_0_names_intel_in_%1_at_cpl_%2, "SDM 2A CPUID"
    IN %1, %2
    NEEDS CPUID
    SET eax, 0
CODE
    cpuid
EXPECT END
WANT ebx, "Genu"
WANT edx, "ineI"
WANT ecx, "ntel"
WANT eax, 0
WANT_BITS eax, 0xffffffe0           ; the highest leaf
%endmacro
CPUID_IN PM32, 3
CPUID_IN PM32, 0
CPUID_IN PM16, 3
CPUID_IN V86, 3
CPUID_IN REAL, 0

CHECK cpuid.leaf_1_has_the_same_features_in_every_ring, "SDM 2A CPUID"
    NEEDS CPUID
    mov eax, 1
    mov ecx, 0
    cpuid
    mov [before + S_esi], edx
    mov [before + S_edi], eax
    SET eax, 1
    SET ecx, 0
CODE
    cpuid
    xor edx, esi
    xor eax, edi
EXPECT END
WANT eax, 0
WANT edx, 0
WANT_BITS ebx, 0
WANT_BITS ecx, 0
WANT_FLAGS ZF | PF, CF | SF | OF
WANT_BITS eflags, ~(AF | RF)

; "higher than the maximum input value: the data for the highest basic information leaf is returned", since the Pentium 4
%macro CPUID_BEYOND 2
CHECK cpuid.leaf_%1_is_the_highest_basic_leaf, "SDM 2A CPUID"
    NEEDS SSE2
    xor eax, eax
    cpuid
    mov ecx, 0
    cpuid
    mov [before + S_esi], eax
    mov [before + S_edi], edx
    mov [before + S_ebp], ebx
    SET eax, %2
    SET ecx, 0
CODE
    cpuid
    xor eax, esi
    xor edx, edi
    xor ebx, ebp
EXPECT END
WANT eax, 0
WANT edx, 0
WANT ebx, 0
WANT_BITS ecx, 0
WANT_FLAGS ZF | PF, CF | SF | OF
WANT_BITS eflags, ~(AF | RF)
%endmacro
CPUID_BEYOND 1000, 1000
CPUID_BEYOND 1234, 0x1234
CPUID_BEYOND 7fffffff, 0x7fffffff

CHECK cpuid.keeps_the_flags, "SDM 2A CPUID"
    NEEDS CPUID
    SET eax, 0
    SET_FLAGS STATUS | DF
CODE
    cpuid
EXPECT END
WANT_BITS eax, 0
WANT_BITS ebx, 0
WANT_BITS ecx, 0
WANT_BITS edx, 0

; EFLAGS.ID says whether there is CPUID; AC tells a 486 from a 386 (SDM 1 19.1).
CHECK cpuid.id_flag_can_be_changed_at_cpl_3, "SDM 1 3.4.3"
    NEEDS CPUID
CODE
    pushfd
    xor dword [esp], ID
    popfd
    pushfd
    pop eax
EXPECT END
WANT eax, START_FLAGS | ID
WANT_FLAGS ID, 0
WANT_MEMORY dword, STACK3 - 4, START_FLAGS | ID

CHECK cpuid.id_flag_cannot_be_changed_without_cpuid, "SDM 1 3.4.3"
    WITHOUT CPUID
CODE
    push dword START_FLAGS | ID
    popfd
    pushfd
    pop eax
EXPECT END
WANT eax, START_FLAGS
WANT_MEMORY dword, STACK3 - 4, START_FLAGS

; Last, because QEMU 7.2 aborts itself here
LOCK_UD bts_of_register, {bts eax, ecx}
LOCK_UD btr_of_register, {btr eax, 3}
LOCK_UD btc_of_register, {btc eax, ecx}

END_OF_CHECKS

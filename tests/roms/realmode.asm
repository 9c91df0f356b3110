; Real-address mode: segments and their limits, the interrupt table, the stack, transfers, IRET, and what is left of a
; segment loaded in protected mode. SDM 3B 20.1, 2A INT n, IRET, 2B PUSH, PUSHA, 3A 9.9.
%include "lib/rom.inc"

STATUS          equ CF | PF | AF | ZF | SF | OF
ROM_SEGMENT     equ ROM_BASE >> 4
RAM_SEGMENT     equ 0x5000          ; 64 KiB that nobody watches
RAM             equ RAM_SEGMENT << 4

; ================ limits: FFFFh, and no error codes ================

%macro REAL_LIMIT 3  ; name, fault, code
CHECK real.%1_is_%2, "SDM 3B 20.1.1, 3A 5.3"
    IN REAL
    SET ebx, 0xffff
    SET ebp, 0xffff
    SET esi, 0x10000
    SET edi, 0x10000
    SET ecx, 1
CODE
    %3
EXPECT %2
%endmacro
REAL_LIMIT word_read_at_ffff, GP, {mov ax, [0xffff]}
REAL_LIMIT dword_read_at_fffd, GP, {mov eax, [0xfffd]}
REAL_LIMIT dword_read_at_fffe, GP, {mov eax, [0xfffe]}
REAL_LIMIT word_write_at_ffff, GP, {mov [0xffff], ax}
REAL_LIMIT dword_write_at_fffd, GP, {mov [0xfffd], eax}
REAL_LIMIT read_and_write_at_ffff, GP, {add [0xffff], ax}
REAL_LIMIT word_read_in_es, GP, {mov ax, [es:bx]}
REAL_LIMIT word_read_in_fs, GP, {mov ax, [fs:bx]}
REAL_LIMIT word_read_in_gs, GP, {mov ax, [gs:bx]}
REAL_LIMIT word_read_in_cs, GP, {mov ax, [cs:bx]}
REAL_LIMIT word_read_in_ss, SS, {mov ax, [ss:bx]}
REAL_LIMIT word_write_in_ss, SS, {mov [ss:bx], ax}
REAL_LIMIT word_read_with_bp, SS, {mov ax, [bp]}
REAL_LIMIT byte_read_at_10000, GP, {mov al, [dword 0x10000]}
REAL_LIMIT byte_write_at_10000, GP, {mov [esi], al}
REAL_LIMIT byte_read_at_10000_in_ss, SS, {mov al, [ss:esi]}
REAL_LIMIT movs_at_10000, GP, {a32 movsb}
REAL_LIMIT stos_at_10000, GP, {a32 stosb}
REAL_LIMIT lods_at_10000, GP, {a32 lodsb}
REAL_LIMIT xchg_at_ffff, GP, {xchg [0xffff], ax}
REAL_LIMIT lgdt_at_fffc, GP, {lgdt [0xfffc]}
REAL_LIMIT les_at_fffd, GP, {les ax, [0xfffd]}
REAL_LIMIT jump_to_10000, GP, {jmp dword (rom_start + 0x10000)}
REAL_LIMIT call_to_10000, GP, {call dword (rom_start + 0x10000)}
REAL_LIMIT far_jump_to_10000, GP, {jmp dword ROM_SEGMENT:0x10000}
REAL_LIMIT indirect_jump_to_10000, GP, {jmp esi}

CHECK real.byte_at_ffff_is_within_the_limit, "SDM 3B 20.1.1"
    IN REAL
    SET ds, ROM_SEGMENT
CODE
    mov al, [0xffff]                ; the last byte of the ROM
EXPECT END
WANT eax, 0xa1a2a3ff

CHECK real.a32_address_below_64k_is_within_the_limit, "SDM 3B 20.1.1"
    IN REAL
    SET ds, ROM_SEGMENT
    SET esi, 0xffff
CODE
    mov al, [esi]
EXPECT END
WANT eax, 0xa1a2a3ff

CHECK real.a16_sum_wraps_at_64k, "SDM 2A table 2-1"
    IN REAL
    SET ebx, 0xfff0
    SET esi, 0x20
    PUT word [DATA + 0x10], 0x1234
CODE
    mov ax, [bx + si]
EXPECT END
WANT eax, 0xa1a21234

; ---- strings at the end of a segment ----

CHECK real.movsb_wraps_si_and_di, "SDM 2B MOVS, REP"
    IN REAL
    PUT word [RAM + 0xfffe], 0x2211
    PUT byte [RAM], 0x33
    SET ds, RAM_SEGMENT
    SET esi, 0xfffe
    SET edi, 0x20
    SET ecx, 3
CODE
    rep movsb
EXPECT END
WANT ecx, 0
WANT esi, 1
WANT edi, 0x23
WANT_MEMORY word, DATA + 0x20, 0x2211
WANT_MEMORY byte, DATA + 0x22, 0x33

CHECK real.movsw_over_ffff_is_gp_after_the_first, "SDM 2B MOVS, REP"
    IN REAL
    PUT word [RAM + 0xfffd], 0x2211
    SET ds, RAM_SEGMENT
    SET esi, 0xfffd
    SET edi, 0x20
    SET ecx, 3
CODE
    rep movsw
EXPECT GP
WANT ecx, 2
WANT esi, 0xffff
WANT edi, 0x22
WANT_MEMORY word, DATA + 0x20, 0x2211

CHECK real.stosd_over_ffff_is_gp, "SDM 2B STOS"
    IN REAL
    SET edi, 0xfffd
CODE
    stosd
EXPECT GP

; ---- code ----

; Behind the segment and at its start stands UD2, for a processor that does not look at the limit.
CHECK real.running_past_ffff_is_gp, "SDM 3B 20.1.1, 3A 5.3"
    IN REAL
    PUT byte [RAM + 0xffff], 0x90
    PUT dword [RAM + 0x10000], 0x0b0f
    PUT dword [RAM], 0x0b0f
CODE
    jmp RAM_SEGMENT:0xffff
EXPECT GP
WANT cs, RAM_SEGMENT
WANT eip, 0                         ; 16 bits of 10000h are pushed

CHECK real.instruction_over_ffff_is_gp, "SDM 3B 20.1.1, 3A 5.3"
    IN REAL
    PUT byte [RAM + 0xffff], 0xb0   ; mov al, 0x90
    PUT dword [RAM], 0x0b0f90
    PUT dword [RAM + 0x10000], 0x0b0f90
CODE
    jmp RAM_SEGMENT:0xffff
EXPECT GP
WANT cs, RAM_SEGMENT
WANT eip, 0xffff

%macro REAL_WRAP 2+
CHECK real.%1_wraps_ip, "SDM 2A JMP, JCC, CALL: EIP AND 0000FFFFH"
    IN REAL
    PUT dword [RAM + 0x10], 0x0b0f
    mov esi, %%bytes
    mov edi, RAM + 0xfff0
    mov ecx, 8
    rep movsb
    jmp %%end
%%bytes:
    db %2, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4
%%end:
CODE
    jmp RAM_SEGMENT:0xfff0
EXPECT LANDED, 0x10
WANT cs, RAM_SEGMENT
%endmacro
REAL_WRAP short_jmp, 0xeb, 0x1e
REAL_WRAP near_jmp, 0xe9, 0x1d, 0
REAL_WRAP short_jc, 0x72, 0x1e
REAL_WRAP near_jc, 0x0f, 0x82, 0x1c, 0
REAL_WRAP call, 0xe8, 0x1d, 0
WANT_PUSHED word, STACK0_CHECK, 0xfff3

CHECK real.far_jump, "SDM 2A JMP"
    IN REAL
CODE
    jmp ROM_SEGMENT - 0x20:OFF16(.target) + 0x200
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, ROM_SEGMENT - 0x20

CHECK real.far_call, "SDM 2A CALL"
    IN REAL
CODE
    call ROM_SEGMENT - 0x20:OFF16(.target) + 0x200
.return:
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, ROM_SEGMENT - 0x20
WANT_PUSHED word, STACK0_CHECK, ROM_SEGMENT, OFF16(.return)

CHECK real.far_return, "SDM 2B RET"
    IN REAL
CODE
    push word ROM_SEGMENT - 0x20
    push word OFF16(.target) + 0x200
    retf
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, ROM_SEGMENT - 0x20

%macro REAL_LOAD 3  ; name, register, code
CHECK real.%1_takes_any_selector, "SDM 3B 20.1.1"
    IN REAL
    SET eax, 0x0807                 ; beyond every table
    PUT dword [DATA + 0x20], 0x08074321
    PUT dword [0x8070 + 0x13], 0x55667788
CODE
    %3
    mov ebx, [%2:0x13]
EXPECT END
WANT %2, 0x807
WANT ebx, 0x55667788
%endmacro
REAL_LOAD mov_ds, ds, {mov ds, ax}
REAL_LOAD mov_es, es, {mov es, ax}
REAL_LOAD mov_fs, fs, {mov fs, ax}
REAL_LOAD mov_gs, gs, {mov gs, ax}
REAL_LOAD les, es, {les cx, [0x20]}
WANT ecx, 0xc1c24321
REAL_LOAD lfs, fs, {lfs cx, [0x20]}
WANT ecx, 0xc1c24321

; ================ the interrupt table ================

%macro REAL_INT 4  ; name, vector, code, flags before
CHECK real.%1_goes_through_the_table, "SDM 2A INT n, 3B 20.1.4"
    IN REAL
    SET_FLAGS %4
    VECTOR16 %2, ROM_SEGMENT - 0x20, OFF16(.handler) + 0x200
CODE
    %3
.return:
    hlt
.handler:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, ROM_SEGMENT - 0x20
WANT_FLAGS 0, IF | TF
WANT_PUSHED word, STACK0_CHECK, (START_FLAGS | (%4)) & 0xffff, ROM_SEGMENT, OFF16(.return)
%endmacro
REAL_INT int_40h, 0x40, {int 0x40}, IF | IOPL(3) | NT | DF
REAL_INT int_ffh, 0xff, {int 0xff}, IF
REAL_INT int_0, 0, {int 0}, 0
REAL_INT int_8, 8, {int 8}, IF
REAL_INT int_13, 13, {int 13}, IF
REAL_INT int3, 3, {int3}, IF
REAL_INT into, 4, {into}, IF
REAL_INT int1, 1, {db 0xf1}, IF
REAL_INT int_with_tf, 0x40, {int 0x40}, TF

CHECK real.int_clears_ac, "SDM 2A INT n"
    IN REAL
    NEEDS I486
    SET_FLAGS AC
    VECTOR16 0x40, ROM_SEGMENT, OFF16(.handler)
CODE
    int 0x40
.return:
    hlt
.handler:
    pushfd
    pop eax
EXPECT END
WANT eax, START_FLAGS
WANT_PUSHED word, STACK0_CHECK, START_FLAGS, ROM_SEGMENT, OFF16(.return)

CHECK real.into_without_of_does_nothing, "SDM 2A INT n"
    IN REAL
    CLEAR_FLAGS OF
CODE
    into
EXPECT END

; Exceptions push the faulting instruction's address and no error code.
%macro REAL_FAULT 3
CHECK real.fault_%2_by_%1, "SDM 3B 20.1.4"
    IN REAL
    SET edx, 0
    SET ecx, 0
    SET_FLAGS IF | IOPL(3)
    PUT dword [DATA + 0x20], 0x00020001
CODE
    nop
    AT
    %3
EXPECT %2
%endmacro
REAL_FAULT div, DE, {div cx}
REAL_FAULT idiv_byte, DE, {idiv cl}
REAL_FAULT aam_0, DE, {aam 0}
REAL_FAULT bound, BR, {bound ax, [0x20]}
REAL_FAULT ud2, UD, {ud2}
REAL_FAULT limit, GP, {mov ax, [0xffff]}
REAL_FAULT stack_limit, SS, {mov ax, [ss:0xffff]}

; The table's limit and base (SDM 2A INT n, REAL-ADDRESS-MODE: "IF ((vector * 4) + 3) is not within IDT limit THEN #GP")
%macro REAL_IDT_LIMIT 2
CHECK real.int_40h_with_idt_limit_%1_is_%2, "SDM 2A INT n"
    IN REAL
    SET idtlimit, %1
    VECTOR16 0x40, ROM_SEGMENT, OFF16(.handler)
CODE
    int 0x40
.return:
    hlt
.handler:
%endmacro
REAL_IDT_LIMIT 0x103, taken
EXPECT END
WANT_PUSHED word, STACK0_CHECK, START_FLAGS, ROM_SEGMENT, OFF16(.return)
REAL_IDT_LIMIT 0x102, gp
EXPECT GP
REAL_IDT_LIMIT 0x100, gp
EXPECT GP
REAL_IDT_LIMIT 0xff, gp
EXPECT GP
REAL_IDT_LIMIT 0x37, gp             ; just enough for vector 13
EXPECT GP
REAL_IDT_LIMIT 0x36, df             ; vector 13 is cut: a second contributory fault, and vector 8 is there
EXPECT DF
REAL_IDT_LIMIT 0x23, df
EXPECT DF
REAL_IDT_LIMIT 0x22, reset          ; and that is cut too
EXPECT RESET
REAL_IDT_LIMIT 0, reset
EXPECT RESET

CHECK real.idt_base_is_used, "SDM 3B 20.1.4"
    IN REAL
    xor esi, esi
    mov edi, DATA
    mov ecx, 256
    rep movsd
    PUT dword [DATA + 0x40 * 4], (ROM_SEGMENT << 16) | OFF16(.handler)
    SET idtbase, DATA
CODE
    int 0x40
.return:
    hlt
.handler:
EXPECT END
WANT_PUSHED word, STACK0_CHECK, START_FLAGS, ROM_SEGMENT, OFF16(.return)

; ================ the stack ================

; SP is set by the code under test; what lies at FFF0h and above, and at 0, nobody watches.
%macro REAL_SP 3  ; name, SP, code
CHECK real.%1_with_sp_%2, "SDM 2B PUSH, 3A 6.15"
    IN REAL
CODE
    mov sp, %2
    AT
    %3
%endmacro
; The fault cannot be delivered either: shutdown (SDM 2B PUSH: "If the ESP register is 1 ... the processor shuts down")
%macro REAL_SHUTDOWN 3
REAL_SP %1_shuts_down, %2, {%3}
EXPECT RESET
%endmacro
REAL_SHUTDOWN push_word, 1, push ax
REAL_SHUTDOWN push_imm, 1, push word 5
REAL_SHUTDOWN push_segment, 1, push ds
REAL_SHUTDOWN pushf, 1, pushf
REAL_SHUTDOWN call, 1, call 0x1000
REAL_SHUTDOWN push_dword, 1, push eax
REAL_SHUTDOWN push_dword, 3, push eax
REAL_SHUTDOWN far_call, 1, {call ROM_SEGMENT:0}
REAL_SHUTDOWN far_call, 3, {call ROM_SEGMENT:0}
REAL_SHUTDOWN int_n, 1, int 0x40
REAL_SHUTDOWN int_n, 3, int 0x40
REAL_SHUTDOWN int_n, 5, int 0x40
REAL_SHUTDOWN fault_ud, 5, ud2
REAL_SHUTDOWN pusha, 1, pushaw
REAL_SHUTDOWN pusha, 3, pushaw
REAL_SHUTDOWN pusha, 5, pushaw

; SDM 2B PUSHA, real-address mode exceptions: "#GP If the ESP or SP register contains 7, 9, 11, 13, or 15"; Bochs 2.7
; raises #SS.
%macro REAL_PUSHA 1
REAL_SP pusha_is_gp, %1, {pushaw}
EXPECT GP
WANT esp, %1
%endmacro
REAL_PUSHA 7
REAL_PUSHA 9
REAL_PUSHA 11
REAL_PUSHA 13
REAL_PUSHA 15

; Where the fault's own three words find room, it is #SS.
%macro REAL_SS 3
REAL_SP %1_is_ss, %2, {%3}
EXPECT SS
WANT esp, %2
%endmacro
REAL_SS push_dword, 2, push eax
REAL_SS pop_word, 0xffff, pop ax
REAL_SS pop_dword, 0xfffd, pop eax
REAL_SS pop_dword, 0xfffe, pop eax
REAL_SS pop_dword, 0xffff, pop eax
REAL_SS popf, 0xffff, popf
REAL_SS ret, 0xffff, ret
REAL_SS far_return, 0xfffd, retf
REAL_SS far_return_of_32_bits, 0xfff9, o32 retf
REAL_SS iret, 0xfffb, iretw
REAL_SS iretd, 0xfff5, iretd
REAL_SS popa, 0xfff1, popaw

; SP wraps from 0 to FFFEh when the word lies whole below 64 KiB.
REAL_SP push_wraps, 0, {push ax}
EXPECT END
WANT esp, 0xfffe
REAL_SP push_dword_wraps, 0, {push eax}
EXPECT END
WANT esp, 0xfffc
REAL_SP pop_wraps, 0xfffe, {pop bx}
EXPECT END
WANT esp, 0
WANT_BITS ebx, 0xffff0000           ; what lies there is the framework's
; ================ IRET ================

CHECK real.iretw_sets_all_flags, "SDM 2A IRET"
    IN REAL
    SET eflags, 2
CODE
    push word 0x7fd5 & ~TF
    push word ROM_SEGMENT - 0x20
    push word OFF16(.target) + 0x200
    iretw
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, ROM_SEGMENT - 0x20
WANT eflags, 2 | STATUS | IF | DF | IOPL(3) | NT

CHECK real.iretw_clears_all_flags, "SDM 2A IRET"
    IN REAL
    SET eflags, 2 | STATUS | IF | DF | IOPL(3) | NT
CODE
    push word 0
    push word ROM_SEGMENT
    push word OFF16(.target)
    iretw
    hlt
.target:
EXPECT END
WANT eflags, 2

CHECK real.iretd_sets_ac_and_id_but_not_vm_vif_vip, "SDM 2A IRET"
    IN REAL
    NEEDS VME
    SET eflags, 2
CODE
    push dword VM | VIF | VIP | AC | ID | CF
    push dword 0x12340000 | ROM_SEGMENT
    push dword OFF16(.target)
    iretd
    hlt
.target:
    pushfd
    pop eax
EXPECT END
WANT eax, 2 | AC | ID | CF
WANT eflags, 2 | CF

CHECK real.iretw_keeps_ac_and_id, "SDM 2A IRET"
    IN REAL
    NEEDS CPUID
    SET eflags, 2 | AC | ID
CODE
    push word CF
    push word ROM_SEGMENT
    push word OFF16(.target)
    iretw
    hlt
.target:
    pushfd
    pop eax
EXPECT END
WANT eax, 2 | AC | ID | CF
WANT eflags, 2 | CF

; "IF instruction pointer not within code segment limits THEN #GP(0)" before anything is popped
CHECK real.iretd_beyond_the_limit_is_gp, "SDM 2A IRET"
    IN REAL
    SET esp, STACK0_CHECK - 12
    PUT dword [STACK0_CHECK - 12], 0x10000
    PUT dword [STACK0_CHECK - 8], ROM_SEGMENT
    PUT dword [STACK0_CHECK - 4], 2
CODE
    iretd
EXPECT GP

CHECK real.iret_with_nt_is_no_task_return, "SDM 2A IRET"
    IN REAL
    SET_FLAGS NT
CODE
    push word NT | CF
    push word ROM_SEGMENT
    push word OFF16(.target)
    iretw
    hlt
.target:
EXPECT END
WANT_FLAGS CF, STATUS & ~CF

; ================ system instructions: CPL is 0 ================

CHECK real.smsw_shows_pe_clear, "SDM 2B SMSW"
    IN REAL
CODE
    smsw ax
EXPECT END
    mov eax, [before + S_cr0]
    mov [want + S_eax], ax
    mov word [want + S_eax + 2], 0xa1a2

CHECK real.lmsw_and_clts_change_ts, "SDM 2A LMSW, CLTS"
    IN REAL
    SET eax, CR0_TS
CODE
    lmsw ax
    smsw bx
    clts
    smsw cx
    and bx, CR0_TS
    and cx, CR0_TS
    sub bx, cx
EXPECT END
    and dword [want + S_cr0], ~(CR0_MP | CR0_EM | CR0_TS)
WANT ebx, 0xb1b20008
WANT ecx, 0xc1c20000
WANT_FLAGS 0, STATUS

%macro REAL_CR0 2
CHECK real.cr0_with_%1_is_gp, "SDM 2B MOV, 3A 2.5"
    IN REAL
CODE
    mov eax, cr0
    or eax, %2
    mov ebx, eax
    AT
    mov cr0, eax
EXPECT GP
    mov eax, [before + S_cr0]
    or eax, %2
    mov [want + S_eax], eax
    mov [want + S_ebx], eax
WANT_BITS eflags, 0xffff & ~STATUS  ; SDM 2B MOV, OR
%endmacro
REAL_CR0 pg_without_pe, CR0_PG

CHECK real.cr3_and_cr2_can_be_written, "SDM 2B MOV"
    IN REAL
CODE
    mov eax, 0x12345000
    mov cr3, eax
    mov cr2, eax
    mov ebx, cr3
EXPECT END
WANT eax, 0x12345000
WANT ebx, 0x12345000
WANT cr2, 0x12345000
WANT cr3, 0x12345000
WANT_BITS eflags, 0xffff & ~STATUS

CHECK real.lidt_and_sidt, "SDM 2A LIDT, 2B SIDT"
    IN REAL
    PUT word [DATA + 0x20], 0x3f7
    PUT dword [DATA + 0x22], 0
CODE
    o32 lidt [0x20]
    o32 sidt [0x30]
EXPECT END
WANT idtlimit, 0x3f7
WANT_MEMORY word, DATA + 0x30, 0x3f7

CHECK real.lidt_of_16_bits_loads_24_bits_of_base, "SDM 2A LIDT"
    IN REAL
    PUT word [DATA + 0x20], 0x3ff
    PUT dword [DATA + 0x22], 0xff000000
CODE
    o16 lidt [0x20]
EXPECT END

CHECK real.rdtsc_with_tsd_is_allowed, "SDM 2B RDTSC"
    IN REAL
    NEEDS TSC
    SET_CR4 CR4_TSD
CODE
    rdtsc
EXPECT END
WANT_BITS eax, 0
WANT_BITS edx, 0

; "specifying a reserved or unimplemented MSR address": Bochs 2.7 and QEMU 7.2 answer with zero.
CHECK real.rdmsr_of_an_absent_msr_is_gp, "SDM 2B RDMSR"
    IN REAL
    NEEDS MSR
    SET ecx, 0x4fffffff
CODE
    rdmsr
EXPECT GP

; ================ segments from protected mode ================

; Protected mode for one load of FS, from the GDT of the framework
%macro FS_FROM 1
    mov eax, cr0
    or al, CR0_PE
    mov cr0, eax
    mov bx, %1
    mov fs, bx
    and al, ~CR0_PE
    mov cr0, eax
%endmacro
%macro WANT_FS_FROM 1
    mov eax, [before + S_cr0]
    mov [want + S_eax], eax
    WANT fs, %1
    WANT ebx, 0xb1b20000 | (%1)
    WANT_BITS eflags, 0xffff & ~STATUS
%endmacro

CHECK unreal.limit_of_4g_survives_the_way_back, "SDM 3A 3.4.3, 9.9.2"
    IN REAL
CODE
    FS_FROM DS0
    mov ecx, [dword fs:0xffff0]     ; the reset vector
EXPECT END
WANT_FS_FROM DS0
WANT ecx, ((OFF16(real_start) & 0xffff) << 8) | 0xea

CHECK unreal.limit_of_4g_survives_a_load_in_real_mode, "SDM 3A 3.4.3, 9.9.2"
    IN REAL
CODE
    FS_FROM DS0
    mov bx, 0xe000
    mov fs, bx
    mov ecx, [dword fs:0x1fff0]
EXPECT END
WANT_FS_FROM 0xe000
WANT ecx, ((OFF16(real_start) & 0xffff) << 8) | 0xea

CHECK unreal.small_limit_survives_a_load_in_real_mode, "SDM 3A 3.4.3, 9.9.2"
    IN REAL
    DESC FREE, 0, 0xff, PRESENT | DATA_RW | ACCESSED
CODE
    FS_FROM FREE
    mov bx, DATA2 >> 4
    mov fs, bx
    mov cl, [fs:0xff]
    AT
    mov cl, [fs:0x100]
EXPECT GP
WANT_FS_FROM DATA2 >> 4
WANT ecx, 0xc1c2c300

CHECK unreal.base_survives_until_the_next_load, "SDM 3A 3.4.3, 9.9.2"
    IN REAL
    DESC FREE, DATA2 + 0x10, 0xffff, PRESENT | DATA_RW | ACCESSED
    PUT dword [DATA2 + 0x30], 0x11223344
CODE
    FS_FROM FREE
    mov ecx, [fs:0x20]
EXPECT END
WANT_FS_FROM FREE
WANT ecx, 0x11223344

END_OF_CHECKS

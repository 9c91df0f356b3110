; Alignment checks, and hidden segment parts that outlive a mode: SDM 3A 6.15 (#AC), 9.9.
%include "lib/rom.inc"
%include "lib/data.inc"

; ================ who is checked ================

%macro ALIGNED 6+  ; name, mode, CPL, bits of CR0, bits of EFLAGS, instruction
CHECK alignment.%1_in_%2_at_cpl_%3, "SDM 3A 6.15 #AC, 2.3, 2.5"
    NEEDS I486
    IN %2, %3
    %if (%4) != 0
        SET_CR0 %4
    %endif
    SET_FLAGS %5
    SET edi, DATA + 1
CODE
    %6
%endmacro

; #AC comes at CPL 3 with CR0.AM and EFLAGS.AC, and not otherwise
%assign cpl 0
%rep 4
    ALIGNED both_bits_set, PM32, %[cpl], CR0_AM, AC, mov eax, [edi]
    %if cpl == 3
EXPECT AC, 0
    %else
EXPECT END
WANT eax, 0
    %endif
    ALIGNED both_bits_set, PM16, %[cpl], CR0_AM, AC, mov eax, [edi]
    %if cpl == 3
EXPECT AC, 0
    %else
EXPECT END
WANT eax, 0
    %endif
    ALIGNED ac_alone, PM32, %[cpl], 0, AC, mov eax, [edi]
EXPECT END
WANT eax, 0
    ALIGNED am_alone, PM32, %[cpl], CR0_AM, 0, mov eax, [edi]
EXPECT END
WANT eax, 0
    %assign cpl cpl + 1
%endrep
ALIGNED both_bits_set, V86, 3, CR0_AM, AC, {mov eax, [1]}
EXPECT AC, 0
ALIGNED ac_alone, V86, 3, 0, AC, {mov eax, [1]}
EXPECT END
WANT eax, 0
ALIGNED both_bits_set, REAL, 0, CR0_AM, 0, {mov eax, [1]}
EXPECT END
WANT eax, 0

; ================ which addresses ================

; At CPL 3 with AM and AC: %4 is fault or fits
%macro ALIGNMENT 5+  ; name, offset, mode, fault|fits, instruction
CHECK alignment.%1_at_%2_%4_in_%3, "SDM 3A table 6-7"
    NEEDS I486
    IN %3, 3
    SET_CR0 CR0_AM
    SET_FLAGS AC
    SET eax, 0                      ; a load of the zeros that are there changes nothing
    SET gs, 0
    %ifidni %3, V86
        SET edi, %2
        SET esi, 0x10 + (%2)
        SET ebp, DATA + (%2)        ; SS has base 0
    %else
        SET edi, DATA + (%2)
        SET esi, DATA + 0x10 + (%2)
        SET ebp, DATA + (%2)
    %endif
CODE
    %5
    %ifidni %4, fault
EXPECT AC, 0
    %else
EXPECT END
    %endif
%endmacro

; Address by EDI, offsets 0 to %2 * 2 - 1: a multiple of %2 fits
%macro ALIGNMENTS 3+  ; name, alignment, instruction that changes nothing
    %assign place 0
    %rep 9
        %if place == 0 || place == 1 || place == 2 || place == 3 || place == 4 || place == 8
            %if place % (%2) == 0
                ALIGNMENT %1, %[place], PM32, fits, %3
            %else
                ALIGNMENT %1, %[place], PM32, fault, %3
            %endif
        %endif
        %assign place place + 1
    %endrep
%endmacro
ALIGNMENTS byte_store, 1, {mov byte [edi], 0}
ALIGNMENTS byte_load, 1, {mov al, [edi]}
ALIGNMENTS word_store, 2, {mov word [edi], 0}
ALIGNMENTS word_load, 2, {movzx eax, word [edi]}
ALIGNMENTS dword_store, 4, {mov [edi], eax}
ALIGNMENTS dword_load, 4, {mov eax, [edi]}
ALIGNMENTS dword_exchange, 4, {xchg [edi], eax}
ALIGNMENTS stack_dword, 4, {mov eax, [ebp]}
ALIGNMENTS far_pointer_48, 4, {lgs eax, [edi]}
ALIGNMENTS far_pointer_32, 2, {o16 lgs ax, [edi]}
ALIGNMENTS x87_word, 2, {fild word [edi]}
ALIGNMENTS x87_dword, 4, {fild dword [edi]}
ALIGNMENTS x87_qword, 8, {fild qword [edi]}
ALIGNMENTS x87_single, 4, {fld dword [edi]}
ALIGNMENTS x87_double, 8, {fld qword [edi]}
ALIGNMENTS x87_extended, 8, {fld tword [edi]}
ALIGNMENTS x87_packed_decimal, 8, {fbld [edi]}
ALIGNMENTS x87_control_word, 2, {fldcw [edi]}
ALIGNMENTS x87_environment, 4, {fldenv [edi]}
ALIGNMENTS x87_environment_16, 2, {o16 fldenv [edi]}
ALIGNMENT dword_load, 1, V86, fault, {mov eax, [di]}
ALIGNMENT dword_load, 2, V86, fault, {mov eax, [di]}
ALIGNMENT dword_load, 4, V86, fits, {mov eax, [di]}
ALIGNMENT word_load, 2, V86, fits, {mov ax, [di]}
WANT eax, 0
ALIGNMENT word_load, 1, V86, fault, {mov ax, [di]}
ALIGNMENT stack_dword_load, 1, V86, fault, {mov eax, [bp]}

CHECK alignment.linear_address_counts, "SDM 3A 6.15 #AC"
    NEEDS I486
    SET_CR0 CR0_AM
    SET_FLAGS AC
    DESC FREE, DATA + 1, 0xff, PRESENT | DPL(3) | DATA_RW
    SET es, FREE | 3
CODE
    mov eax, [es:3]                 ; aligned by its base
    AT
    mov ecx, [es:4]
EXPECT AC, 0
WANT eax, 0
; SGDT and SIDT at CPL 3 want a pseudo-descriptor at an odd word address (SDM 3A 3.5.1)
ALIGNMENT sidt, 1, PM32, fault, {sidt [edi]}
ALIGNMENT sidt, 3, PM32, fault, {sidt [edi]}
ALIGNMENT sidt, 2, PM32, fits, {sidt [edi]}
WANT_MEMORY word, DATA + 2, IDT_LIMIT
WANT_MEMORY dword, DATA + 4, IDT

; ---- the stack ----
%macro STACK_ALIGNMENT 5+  ; name, bytes ESP is below STACK3, fault|fits, bytes pushed, instruction
CHECK alignment.stack_%1_at_minus_%2_%3, "SDM 3A table 6-7"
    NEEDS I486
    SET_CR0 CR0_AM
    SET_FLAGS AC
    SET esp, STACK3 - (%2)
    SET eax, 0
    SET edi, .landing
    SET ebp, STACK3 - (%2)
CODE
    %5
.landing:
    %ifidni %3, fault
EXPECT AC, 0
    %else
EXPECT END
WANT esp, STACK3 - (%2) - (%4)
    %endif
%endmacro
STACK_ALIGNMENT push, 1, fault, 4, push eax
STACK_ALIGNMENT push, 2, fault, 4, push eax
STACK_ALIGNMENT push, 3, fault, 4, push eax
STACK_ALIGNMENT push, 4, fits, 4, push eax
STACK_ALIGNMENT push_16, 1, fault, 2, push ax
STACK_ALIGNMENT push_16, 2, fits, 2, push ax
STACK_ALIGNMENT push_immediate, 2, fault, 4, push byte 0
STACK_ALIGNMENT pop, 5, fault, -4, pop eax
STACK_ALIGNMENT pop, 6, fault, -4, pop eax
STACK_ALIGNMENT pop, 8, fits, -4, pop eax
STACK_ALIGNMENT call, 2, fault, 4, call .landing
STACK_ALIGNMENT call_register, 1, fault, 4, call edi
STACK_ALIGNMENT ret, 6, fault, -4, ret
STACK_ALIGNMENT ret_16, 5, fault, -2, o16 ret
STACK_ALIGNMENT pushf, 2, fault, 4, pushfd
STACK_ALIGNMENT popf, 6, fault, -4, popfd
STACK_ALIGNMENT pusha, 2, fault, 32, pushad
STACK_ALIGNMENT popa, 34, fault, -32, popad
STACK_ALIGNMENT pusha_16, 1, fault, 16, pushaw
STACK_ALIGNMENT enter, 2, fault, 4, enter 0, 0
STACK_ALIGNMENT leave, 2, fault, 4, {leave}
STACK_ALIGNMENT retf, 10, fault, -8, retf
STACK_ALIGNMENT iret, 14, fault, -12, iretd
STACK_ALIGNMENT call_far, 2, fault, 8, call CS3:.landing

; ---- strings ----
CHECK alignment.movs_faults_at_its_destination, "SDM 3A table 6-7"
    NEEDS I486
    SET_CR0 CR0_AM
    SET_FLAGS AC
    SET esi, DATA
    SET edi, DATA + 0x101
    SET ecx, 4
CODE
    rep movsd
EXPECT AC, 0

CHECK alignment.movs_of_bytes_is_free, "SDM 3A table 6-7"
    NEEDS I486
    FILL_DATA
    SET_CR0 CR0_AM
    SET_FLAGS AC
    SET esi, DATA + 1
    SET edi, DATA + 0x103
    SET ecx, 9
CODE
    rep movsb
EXPECT END
WANT_COPY DATA + 0x103, DATA + 1, 9
WANT esi, DATA + 10
WANT edi, DATA + 0x10c
WANT ecx, 0

; ---- what the processor does for itself is not checked: those are accesses of CPL 0 ----
CHECK alignment.descriptor_tables_and_stacks_of_ring_0_are_free, "SDM 3A 6.15 #AC"
    NEEDS I486
    SET_CR0 CR0_AM
    SET_FLAGS AC
    DESC FREE, 0, 0xfffff, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    mov esi, GDT
    mov edi, DATA + 1
    mov ecx, GDT_LIMIT + 1
    rep movsb
    SET gdtbase, DATA + 1
    SET eax, FREE | 3
    PUT dword [TSS + TSS_ESP0], STACK0 - 3
CODE
    mov es, ax
EXPECT END
WANT es, FREE | 3
WANT_MEMORY byte, DATA + 1 + FREE + 5, PRESENT | DPL(3) | DATA_RW | ACCESSED
WANT_ANY STACK0 - 0x40, 0x40        ; the capture's own frame

CHECK alignment.code_is_free, "SDM 3A table 6-7"
    NEEDS I486
    SET_CR0 CR0_AM
    SET_FLAGS AC
CODE
    jmp short .odd
    align 16, db 0x90
    nop
.odd:
    mov eax, 0x12345678
EXPECT END
WANT eax, 0x12345678

; ---- SSE: #GP at every privilege, whatever AM and AC ----
%macro ALIGNED_SSE 3+  ; name, CPL, instruction
CHECK alignment.%1_is_gp_at_cpl_%2, "SDM 2A MOVAPS"
    IN PM32, %2
    NEEDS SSE, FXSR
    SET_CR4 CR4_OSFXSR
    SET_CR0 CR0_AM
    SET_FLAGS AC
    SET edi, DATA + 8
CODE
    %3
EXPECT GP, 0
%endmacro
ALIGNED_SSE movaps_load, 3, movaps xmm0, [edi]
ALIGNED_SSE movaps_load, 0, movaps xmm0, [edi]
ALIGNED_SSE movaps_store, 3, movaps [edi], xmm0
ALIGNED_SSE addps, 3, addps xmm0, [edi]
ALIGNED_SSE movntps, 0, movntps [edi], xmm0

; ================ hidden parts outlive the mode ================

; "Unreal" mode: a limit that was loaded in protected mode stays when PE is cleared, and when the register is loaded
; in real-address mode, which changes selector and base (SDM 3A 20.1.1).
CHECK unreal.limit_of_4g_stays_in_real_mode, "SDM 3A 9.9.2"
    IN REAL
    PUT dword [DATA + 0x10], 0x12345678
    SET edi, DATA + 0x10
    SET esi, DATA + 0x10 - 0x90
    SET ebx, DS0
    SET ecx, 9
CODE
    mov eax, cr0
    or al, CR0_PE
    mov cr0, eax
    mov fs, bx
    and al, ~CR0_PE
    mov cr0, eax
    mov edx, [fs:edi]               ; the base is still 0
    mov fs, cx                      ; now it is 90h
    mov ebx, [fs:esi]
    mov al, [fs:dword 0xfff60]      ; beyond 64 KiB: the opcode of the reset vector
    movzx eax, al
EXPECT END
WANT edx, 0x12345678
WANT ebx, 0x12345678
WANT eax, 0xea
WANT fs, 9
WANT_BITS eflags, 0xffff & ~(CF | PF | AF | ZF | SF | OF)

CHECK unreal.limit_of_a_few_bytes_stays_in_real_mode, "SDM 3A 9.9.2"
    IN REAL
    DESC FREE, DATA, 0x0f, PRESENT | DATA_RW
    SET ebx, FREE
    SET ecx, DATA >> 4
CODE
    mov eax, cr0
    or al, CR0_PE
    mov cr0, eax
    mov gs, bx
    and al, ~CR0_PE
    mov cr0, eax
    mov gs, cx
    mov eax, 0
    mov al, [gs:0xf]
    AT
    mov al, [gs:0x10]
EXPECT GP
WANT eax, 0
WANT gs, DATA >> 4
WANT_BITS eflags, 0xffff & ~(CF | PF | AF | ZF | SF | OF)
WANT_TYPE FREE, PRESENT | DATA_RW | ACCESSED

CHECK unreal.virtual_8086_mode_has_64k_limits, "SDM 3B 20.1.1"
    IN V86
    SET edi, 0x10000
CODE
    mov al, [edi]
EXPECT GP, 0

END_OF_CHECKS
